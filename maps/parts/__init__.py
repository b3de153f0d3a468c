"""Parts of pages: Folium elements, frames and legends, colours, the icon, the national base map."""
