//! The app and the edge, as a browser sees them.

mod browser;
mod edge_laws;
mod pages;
