// What of the map is free of the rail, the panel and the bar, as Leaflet's padding for fitting a view.

const shape = (id) => document.getElementById(id).getBoundingClientRect();

export function room() {
  const { width, height } = document.documentElement.getBoundingClientRect();
  const panel = shape("panel");
  const wide = panel.height > height * 0.6;
  const top = Math.min(height / 3, shape("top").bottom + 12);
  if (wide) return { paddingTopLeft: [shape("rail").right + 16, top], paddingBottomRight: [width - panel.left + 16, 40] };
  return { paddingTopLeft: [12, top], paddingBottomRight: [12, Math.max(40, height - panel.top + 12)] };
}
