export default (component) => mountOnce(component, LivePlot);
