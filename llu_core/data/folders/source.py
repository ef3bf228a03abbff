"""The set that a folder or zip of labelled pictures makes."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from llu_core.data.controls import usable
from llu_core.data.folders.layout import ClassLayout, class_layout
from llu_core.data.forms.project import is_project, project_source
from llu_core.data.pictures import ControlSource, ImageSource, Picture
from llu_core.errors import shown
from llu_core.files.listing import PictureFiles


def image_source(files: PictureFiles) -> ImageSource:
    """The pictures of a folder or zip in the layout that `layout` describes, or of a project.

    Raises LluError if none is usable.
    """
    if is_project(files):
        return project_source(files)
    layout = class_layout(files.listing)
    controls, left_out = usable(_controls(files, layout), layout.class_names)
    parts = (layout.train, layout.test, layout.validation)
    train, test, validation = (_pictures(files, layout.root, layout.class_names, part) for part in parts)
    return ImageSource(
        name=files.name,
        class_names=layout.class_names,
        base_classes=layout.base_classes,
        train=train,
        test=test,
        validation=validation,
        rejected=(*layout.rejected, *left_out),
        controls=controls,
    )


def _pictures(
    files: PictureFiles, root: str, class_names: Sequence[str], paths: Mapping[str, Sequence[str]]
) -> tuple[Picture, ...]:
    return tuple(
        Picture(shown(path), label, partial(files.decode, root + path), partial(files.stamp, root + path))
        for label, name in enumerate(class_names)
        for path in paths.get(name, ())
    )


def _controls(files: PictureFiles, layout: ClassLayout) -> Iterable[ControlSource]:
    """The problems under elsewhere/, whether or not they can be used; each is laid out like training pictures."""
    for problem, classes in layout.elsewhere.items():
        names = tuple(sorted(name for name, pictures in classes.items() if pictures)) or tuple(sorted(classes))
        yield ControlSource(shown(problem), names, _pictures(files, layout.root, names, classes))
