//! Problem details (RFC 9457): what an answer says of an error, in the language of the request. An internal cause is
//! logged once, and never sent.

use std::sync::Arc;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    Code, Error, Language, db,
    http::{
        error::{Fault, Place},
        retry::RolledBack,
    },
};

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
    #[schema(ignore)]
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

/// One refused field: `pointer` into the body, or `parameter` of the path, the query or the headers.
#[derive(Serialize, ToSchema)]
struct FieldProblem {
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<String>,
    code: &'static str,
    detail: String,
}

impl IntoResponse for Error {
    /// English; a layer renders it again where the request asks for Korean.
    fn into_response(self) -> Response {
        let (code, faults, members) = match &self {
            Self::Refused(code) => (*code, Vec::new(), Map::new()),
            Self::Faults(faults) => {
                (faults.first().map_or(Code::ValueInvalid, |fault| fault.code), faults.clone(), Map::new())
            }
            Self::Extended(code, members) => (*code, Vec::new(), members.clone()),
            Self::Database(error) => (db::code(error), Vec::new(), Map::new()),
            Self::RolledBack => (Code::Unavailable, Vec::new(), Map::new()),
            Self::Internal(_) => (Code::Internal, Vec::new(), Map::new()),
        };
        let shown = Shown { code, faults, members };
        let mut response = shown.render(Language::English);
        response.extensions_mut().insert(shown);
        let rolled_back = match &self {
            Self::Database(error) => db::undone(error),
            Self::RolledBack => true,
            _ => false,
        };
        if rolled_back {
            response.extensions_mut().insert(RolledBack(Arc::new(self)));
        } else {
            self.log();
        }
        response
    }
}

impl Error {
    /// Logs a cause that is not shown.
    pub(super) fn log(&self) {
        match self {
            Self::Refused(_) | Self::Faults(_) | Self::Extended(..) => {}
            Self::Database(error) => db::log(error),
            Self::RolledBack => tracing::warn!("a transaction was rolled back without an error"),
            Self::Internal(error) => tracing::error!(error = format!("{error:#}"), "internal error"),
        }
    }
}

/// The part of an [`Error`] that may be shown, waiting for its language.
#[derive(Clone)]
pub(super) struct Shown {
    pub(super) code: Code,
    pub(super) faults: Vec<Fault>,
    pub(super) members: Map<String, Value>,
}

impl Shown {
    pub(super) fn render(&self, language: Language) -> Response {
        let status = self.code.status();
        let plain = Problem::new(self.code, language);
        let problem = Problem {
            detail: self.faults.first().map_or(plain.detail, |fault| fault.text(language)),
            errors: self
                .faults
                .iter()
                .map(|fault| {
                    let (pointer, parameter) = match &fault.place {
                        Place::Pointer(pointer) => (Some(pointer.clone()), None),
                        Place::Parameter(name) => (None, Some(name.clone())),
                    };
                    FieldProblem { pointer, parameter, code: fault.code.as_str(), detail: fault.text(language) }
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
