// The part of the map not covered by rail, panel and bar, as Leaflet's padding for fitting a view.

const boxOf = (id) => document.getElementById(id).getBoundingClientRect();

export function freePadding() {
  const { width, height } = document.documentElement.getBoundingClientRect();
  const panel = boxOf("panel");
  const wide = panel.height > height * 0.6;
  const top = Math.min(height / 3, boxOf("top").bottom + 12);
  if (wide) return { paddingTopLeft: [boxOf("rail").right + 16, top], paddingBottomRight: [width - panel.left + 16, 40] };
  return { paddingTopLeft: [12, top], paddingBottomRight: [12, Math.max(40, height - panel.top + 12)] };
}
