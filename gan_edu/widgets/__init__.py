"""The explorers: state in traits, drawing in JavaScript beside each file. The only room with ipywidgets and anywidget."""
