"""The explorers: state in traits, drawing in JavaScript beside each file. No other room knows ipywidgets, anywidget."""
