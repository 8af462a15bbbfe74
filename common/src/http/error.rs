//! What goes wrong, as problem details (RFC 9457) in the reader's language.
//!
//! Handlers return [`Error`]. Internal causes are logged once, here, and never sent.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{Datelike, NaiveDate};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{Code, Language};

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The status of the code: the request as a whole can't be met.
    #[error("{}", .0.as_str())]
    Refused(Code),
    /// The status of the first code: these fields can't be taken.
    #[error("{}", .0.iter().map(|fault| fault.code.as_str()).collect::<Vec<_>>().join(", "))]
    Faults(Vec<Fault>),
    /// The status of the code, with extension members of its own (RFC 9457, section 3.2).
    #[error("{}", .0.as_str())]
    Extended(Code, Map<String, Value>),
    /// `503` where trying again helps or the schema is older than this program, else `500`.
    #[error("{}", crate::db::without_values(.0))]
    Database(#[from] sqlx::Error),
    /// `500`: our fault.
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Self::Refused(code)
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Faults(vec![fault])
    }
}

/// One field that can't be taken, and why.
#[derive(Clone, Debug)]
pub struct Fault {
    place: Place,
    code: Code,
    date: Option<(NaiveDate, i32)>,
}

#[derive(Clone, Debug)]
enum Place {
    Pointer(String),
    Parameter(String),
}

impl Fault {
    /// In the body, at a JSON pointer (RFC 6901) such as `/foods/0/outcome`.
    pub fn pointer(pointer: impl Into<String>, code: Code) -> Self {
        Self { place: Place::Pointer(pointer.into()), code, date: None }
    }

    /// In the path or the query.
    pub fn parameter(name: impl Into<String>, code: Code) -> Self {
        Self { place: Place::Parameter(name.into()), code, date: None }
    }

    /// Names `date`, as told on the day `today`.
    pub fn naming(mut self, date: NaiveDate, today: NaiveDate) -> Self {
        self.date = Some((date, today.year()));
        self
    }
}

/// Gathers the faults of a body, so that all are told at once.
#[derive(Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    pub fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// The value, or a default after noting what is wrong at `pointer`.
    pub fn take<T: Default>(&mut self, pointer: &str, result: Result<T, Code>) -> T {
        result.unwrap_or_else(|code| {
            self.add(Fault::pointer(pointer, code));
            T::default()
        })
    }

    /// Refuses the request if anything was noted.
    pub fn check(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Faults(self.0)) }
    }
}

/// A problem detail (RFC 9457).
#[derive(Serialize, ToSchema)]
pub struct Problem {
    #[schema(examples("about:blank"))]
    r#type: &'static str,
    /// The phrase of the status.
    title: &'static str,
    status: u16,
    /// Stable, in kebab-case; of several faults, that of the first.
    code: &'static str,
    /// For a person to read, in the language of the request.
    detail: String,
    /// The fields that were refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldProblem>,
    /// Members that belong to the code, as `current` to `review-changed`.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    members: Map<String, Value>,
}

impl Problem {
    /// What `code` says by itself.
    pub fn new(code: Code, language: Language) -> Self {
        let status = code.status();
        Self {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            code: code.as_str(),
            detail: code.text(language, None),
            errors: Vec::new(),
            members: Map::new(),
        }
    }
}

/// One refused field: `pointer` into the body, or `parameter` of path or query.
#[derive(Serialize, ToSchema)]
struct FieldProblem {
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<String>,
    code: &'static str,
    detail: String,
}

/// The part of an [`Error`] that may be shown, waiting for its language.
#[derive(Clone)]
pub(crate) struct Shown {
    code: Code,
    faults: Vec<Fault>,
    members: Map<String, Value>,
}

/// Marks an answer whose transaction the database undid: the request may run again.
#[derive(Clone)]
pub(crate) struct Again;

impl Shown {
    pub(crate) fn render(&self, language: Language) -> Response {
        let status = self.code.status();
        let plain = Problem::new(self.code, language);
        let problem = Problem {
            detail: self.faults.first().map_or(plain.detail, |fault| fault.code.text(language, fault.date)),
            errors: self
                .faults
                .iter()
                .map(|fault| {
                    let (pointer, parameter) = match &fault.place {
                        Place::Pointer(pointer) => (Some(pointer.clone()), None),
                        Place::Parameter(name) => (None, Some(name.clone())),
                    };
                    FieldProblem {
                        pointer,
                        parameter,
                        code: fault.code.as_str(),
                        detail: fault.code.text(language, fault.date),
                    }
                })
                .collect(),
            members: self.members.clone(),
            ..plain
        };
        let mut response = (status, axum::Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Language"));
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110, section 15.5.2: what would help. Cookies have no scheme.
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        let seconds = match status {
            StatusCode::SERVICE_UNAVAILABLE => Some("1"),
            StatusCode::TOO_MANY_REQUESTS => Some("60"),
            _ => None,
        };
        headers.extend(seconds.map(|seconds| (header::RETRY_AFTER, HeaderValue::from_static(seconds))));
        response
    }
}

impl IntoResponse for Error {
    /// English; the server renders it again where the request asks for Korean.
    fn into_response(self) -> Response {
        let again = matches!(&self, Self::Database(error) if crate::db::undone(error));
        let (code, faults, members) = match self {
            Self::Refused(code) => (code, Vec::new(), Map::new()),
            Self::Faults(faults) => (faults.first().map_or(Code::ValueInvalid, |fault| fault.code), faults, Map::new()),
            Self::Extended(code, members) => (code, Vec::new(), members),
            Self::Database(error) => (crate::db::code(&error), Vec::new(), Map::new()),
            Self::Internal(error) => {
                tracing::error!(error = format!("{error:#}"), "internal error");
                (Code::Internal, Vec::new(), Map::new())
            }
        };
        let shown = Shown { code, faults, members };
        let mut response = shown.render(Language::English);
        response.extensions_mut().insert(shown);
        if again {
            response.extensions_mut().insert(Again);
        }
        response
    }
}

/// The problems any handler may answer, for its OpenAPI.
#[derive(utoipa::IntoResponses)]
pub enum Problems {
    /// The body is not JSON.
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(#[to_schema] Problem),
    /// Nobody is signed in, and no token came that is good.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(#[to_schema] Problem),
    /// The request comes from another site, or its token is not for this.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(#[to_schema] Problem),
    /// There is no such thing, or it is somebody else's.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(#[to_schema] Problem),
    /// What is stored stands in the way.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(#[to_schema] Problem),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(#[to_schema] Problem),
    /// The body is not `application/json`.
    #[response(status = 415, content_type = "application/problem+json")]
    NotJson(#[to_schema] Problem),
    /// A field can't be taken; `errors` says which.
    #[response(status = 422, content_type = "application/problem+json")]
    Unprocessable(#[to_schema] Problem),
    /// Too often; `Retry-After` says when again.
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(#[to_schema] Problem),
    /// Try again in a moment.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(#[to_schema] Problem),
}
