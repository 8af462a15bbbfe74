//! The app is built by its own tools first; without it there is nothing to embed.

fn main() {
    println!("cargo::rerun-if-changed=app/dist");
    if !std::path::Path::new("app/dist/index.html").exists() {
        println!("cargo::error=functions/web/app/dist is missing: run scripts/web");
    }
}
