interface Window { Plotly: any; lluExplorer: any; }
