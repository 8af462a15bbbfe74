//! The functions that browsers reach. This is the one list: their routers, the edge before them, the pages
//! that show them and the tests all read it.

/// A function that owns a part of the public path. No proxy rewrites it.
pub struct Api {
    /// What its crate, its program and its service are called.
    pub name: &'static str,
    pub prefix: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// The largest body limit of its routes, in bytes.
    pub body_limit: usize,
}

/// How large a body may be, in bytes, unless a route says otherwise.
pub(crate) const BODY_LIMIT: usize = 16 * 1024;
/// A review of 200 foods with their notes.
const REVIEW: usize = 512 * 1024;
/// An import. It is read as it comes.
pub(crate) const IMPORT: usize = 64 * 1024 * 1024;

/// Where the function `figures` exposes what operators watch.
pub const FIGURES: &str = "/figures";
/// What machines ask, of whom none is a person: no such request is logged, counted as one of people's, or waits for the
/// database.
pub(crate) const WATCHED: [&str; 3] = ["/healthz", "/metrics", FIGURES];

pub const AUTH: Api = api("auth", "/api/auth", "Sign-in and account", BODY_LIMIT);
pub const FOODS: Api = api("foods", "/api/foods", "Foods", BODY_LIMIT);
pub const REVIEWS: Api = api("reviews", "/api/reviews", "Reviews and slips", REVIEW);
pub const STREAKS: Api = api("streaks", "/api/streaks", "Streaks", BODY_LIMIT);
pub const DATA: Api = api("data", "/api/data", "Export and import", IMPORT);
pub const REMINDERS: Api = api("reminders", "/api/reminders", "Reminders", BODY_LIMIT);

pub const APIS: &[Api] = &[AUTH, FOODS, REVIEWS, STREAKS, DATA, REMINDERS];

const fn api(name: &'static str, prefix: &'static str, title: &'static str, body_limit: usize) -> Api {
    Api { name, prefix, title, body_limit }
}

#[cfg(test)]
mod tests {
    use super::APIS;

    #[test]
    fn each_prefix_is_of_the_api_and_is_nobody_elses() {
        for (at, api) in APIS.iter().enumerate() {
            assert_eq!(api.prefix, format!("/api/{}", api.name));
            assert!(APIS[at + 1..].iter().all(|other| other.name != api.name), "{}", api.name);
        }
    }
}
