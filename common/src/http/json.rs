//! `Json`, whose rejections are problems that name the field.

use std::{fmt, marker::PhantomData};

use axum::{
    extract::{FromRequest, Request},
    http::header,
    response::{IntoResponse, Response},
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer},
};
use tokio::task::spawn_blocking;

use crate::{
    Code, Error, Fault,
    http::{buffer::body, json_fault::fault},
};

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

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        if !is_json(request.headers().get(header::CONTENT_TYPE)) {
            return Err(Code::JsonRequired.into());
        }
        let body = body(&request).await?;
        match body.len() {
            ..LARGE => parse(&body),
            _ => spawn_blocking(move || parse(&body)).await.map_err(anyhow::Error::from)?,
        }
        .map(Self)
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    // Some editors put a byte order mark before a file; RFC 8259, section 8.1, lets a parser ignore it.
    let body = body.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(body);
    let mut json = serde_json::Deserializer::from_slice(body);
    let Object(value) =
        serde_path_to_error::deserialize(&mut json).map_err(|error| match error.inner().classify() {
            serde_json::error::Category::Data => {
                let (path, code, expected) = fault(&error);
                let escaped = path.iter().map(|key| format!("/{}", key.replace('~', "~0").replace('/', "~1")));
                Fault::pointer(escaped.collect::<String>(), code).expecting(expected).into()
            }
            _ => Error::from(Code::JsonInvalid),
        })?;
    json.end().map_err(|_| Code::JsonInvalid)?;
    Ok(value)
}

fn is_json(content_type: Option<&header::HeaderValue>) -> bool {
    content_type
        .and_then(|value| value.to_str().ok()?.parse::<mime::Mime>().ok())
        .is_some_and(|mime| mime.essence_str() == mime::APPLICATION_JSON.essence_str())
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
