// The lasso's button: while it is pressed, what is drawn around becomes the chosen pictures.

/** Wires the button and the Escape key, which also chooses all pictures again. */
export function createLasso(root, map, state) {
  const button = root.querySelector("#lasso-button");
  const card = root.querySelector(".map-card");
  let active = false;
  const set = (wanted) => {
    if (active === wanted) return;
    active = wanted;
    button.setAttribute("aria-pressed", String(active));
    card.classList.toggle("lassoing", active);
    map.setLasso(active);
  };
  button.addEventListener("click", () => set(!active));
  card.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    set(false);
    state.choose(null);
  });
  return { isActive: () => active, leave: () => set(false) };
}
