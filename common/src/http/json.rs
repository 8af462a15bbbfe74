//! `Json`, `Path` and `Query` whose rejections are problems that name the field.

use std::{fmt, marker::PhantomData};

use axum::{
    body::Bytes,
    extract::{
        FromRequest, FromRequestParts, Request,
        rejection::{BytesRejection, FailedToBufferBody},
    },
    http::{header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_path_to_error::Segment;
use tokio::task::spawn_blocking;

use crate::{Code, Error, Fault};

/// From which size on a body is read where other requests do not wait for it.
const LARGE: usize = 1024 * 1024;

/// A JSON body in a request or an answer.
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send + 'static> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        if !is_json(request.headers().get(header::CONTENT_TYPE)) {
            return Err(Code::JsonRequired.into());
        }
        let body = body(request, state).await?;
        match body.len() {
            ..LARGE => parse(&body),
            _ => spawn_blocking(move || parse(&body)).await.map_err(anyhow::Error::from)?,
        }
        .map(Self)
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let Object(value) =
        serde_path_to_error::deserialize(&mut json).map_err(|error| match error.inner().classify() {
            serde_json::error::Category::Data => {
                let (path, code) = fault(&error);
                let escaped = path.iter().map(|key| format!("/{}", key.replace('~', "~0").replace('/', "~1")));
                Fault::pointer(escaped.collect::<String>(), code).into()
            }
            _ => Error::from(Code::JsonInvalid),
        })?;
    json.end().map_err(|_| Code::JsonInvalid)?;
    Ok(value)
}

/// The whole body, within the limit of its route.
pub async fn body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Error> {
    Bytes::from_request(request, state).await.map_err(|rejection| match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => Code::BodyTooLarge.into(),
        _ => Code::BodyTimeout.into(),
    })
}

fn is_json(content_type: Option<&header::HeaderValue>) -> bool {
    content_type
        .and_then(|value| value.to_str().ok()?.parse::<mime::Mime>().ok())
        .is_some_and(|mime| mime.essence_str() == mime::APPLICATION_JSON.essence_str())
}

/// The parameters of the path. A malformed one is the same `404` as a missing resource.
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        #[expect(clippy::disallowed_types, reason = "ours is built on it")]
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|path| Self(path.0)).map_err(|_| Code::NotFound.into())
    }
}

/// The query. Unknown parameters are refused where `T` denies unknown fields.
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let pairs = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let query = serde_urlencoded::Deserializer::new(pairs);
        serde_path_to_error::deserialize(query).map(Self).map_err(|error| {
            let (path, code) = fault(&error);
            Fault::parameter(path.join("."), code).into()
        })
    }
}

/// Where a value could not be read, and why: our types give a code as the text of their error,
/// serde's own texts are told apart by how they begin.
fn fault<E: std::fmt::Display>(error: &serde_path_to_error::Error<E>) -> (Vec<String>, Code) {
    let mut path: Vec<String> = error
        .path()
        .iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Map { key } => Some(key.clone()),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect();
    let text = error.inner().to_string();
    let named = text.split('`').nth(1).unwrap_or_default();
    let code = match text.split(" at line ").next().and_then(Code::named) {
        Some(code) => code,
        None if text.starts_with("missing field") => Code::FieldMissing,
        None if text.starts_with("unknown field") => Code::FieldUnknown,
        None if text.starts_with("duplicate field") => Code::FieldTwice,
        None => return (path, Code::ValueInvalid),
    };
    // These three are errors of the object; the field is named in the text alone.
    if matches!(code, Code::FieldMissing | Code::FieldUnknown | Code::FieldTwice)
        && path.last().is_none_or(|last| last != named)
    {
        path.push(named.to_owned());
    }
    (path, code)
}

/// A `T` that is written as an object: derived structs would also take an array of their values.
#[derive(Default, Serialize)]
#[serde(transparent)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OnlyMap<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for OnlyMap<T> {
            type Value = Object<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(OnlyMap(PhantomData))
    }
}

/// For `Option<Option<T>>` in a change: absent is `None`, `null` is `Some(None)`.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
