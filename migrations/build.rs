//! Rebuilds when a migration is added; the macro alone does not see it.

fn main() {
    println!("cargo:rerun-if-changed=sql");
}
