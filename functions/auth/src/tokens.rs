//! Tokens, for a person's scripts. They open what the person keeps here, and nothing that opens the
//! account: a token makes no tokens.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use common::{
    App, Code, Faults, Json, Path, Result, Session, db,
    session::{Scope, hash, random_token},
    text,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// How many tokens a person can have.
const MOST_TOKENS: i64 = 20;
/// What a token begins with, so that people and scanners of secrets know one when they see it.
const PREFIX: &str = "hanip_";

#[derive(Serialize, ToSchema)]
pub struct Tokens {
    tokens: Vec<Token>,
}

#[derive(Serialize, ToSchema)]
pub struct Token {
    id: Uuid,
    name: String,
    scope: Scope,
    created_at: DateTime<Utc>,
    /// To the hour; null where it was never used.
    last_used_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    #[schema(min_length = 1, max_length = 50)]
    name: String,
    scope: Scope,
}

#[derive(Serialize, ToSchema)]
pub struct CreatedToken {
    #[serde(flatten)]
    about: Token,
    /// What to send as `Authorization: Bearer …`. It is shown now and never again.
    token: String,
}

/// The tokens, the newest first.
#[utoipa::path(
    get, path = "/tokens", tag = "Tokens", security(("session" = [])),
    responses((status = 200, description = "The tokens, without their secrets.", body = Tokens)),
)]
pub async fn list(session: Session, State(app): State<App>) -> Result<Json<Tokens>> {
    let tokens = sqlx::query_as!(
        Token,
        r#"SELECT id AS "id: Uuid", name, scope AS "scope: Scope", created_at AS "created_at: DateTime<Utc>",
                  last_used_at AS "last_used_at: DateTime<Utc>"
           FROM api_tokens WHERE user_id = ? ORDER BY id DESC"#,
        session.user.id
    );
    Ok(Json(Tokens { tokens: tokens.fetch_all(&app.db).await? }))
}

/// Makes a token. Only a hash of it is kept.
#[utoipa::path(
    post, path = "/tokens", tag = "Tokens", security(("session" = [])),
    request_body(content = NewToken, example = json!({ "name": "backup script", "scope": "read" })),
    responses((status = 201, description = "The token, with its secret.", body = CreatedToken)),
    extensions(("x-problems" = json!([Code::TooManyTokens]))),
)]
pub async fn create(
    session: Session,
    State(app): State<App>,
    Json(new): Json<NewToken>,
) -> Result<(StatusCode, Json<CreatedToken>)> {
    let mut faults = Faults::default();
    let name = faults.take("/name", text::name(&new.name));
    faults.check()?;
    let about = Token { id: Uuid::now_v7(), name, scope: new.scope, created_at: app.clock.now(), last_used_at: None };
    let token = format!("{PREFIX}{}", random_token());
    let mut db = db::lock(app.db.acquire().await?, session.user.id).await?;
    let count = sqlx::query_scalar!("SELECT COUNT(*) FROM api_tokens WHERE user_id = ?", session.user.id);
    if count.fetch_one(&mut *db).await? >= MOST_TOKENS {
        return Err(Code::TooManyTokens.into());
    }
    let token_hash = hash(&token);
    let inserted = sqlx::query!(
        "INSERT INTO api_tokens (user_id, id, name, scope, token_hash, created_at) VALUES (?, ?, ?, ?, ?, ?)",
        session.user.id,
        about.id,
        about.name,
        about.scope,
        token_hash.as_slice(),
        about.created_at
    );
    inserted.execute(&mut *db).await?;
    db.commit().await?;
    tracing::info!(user_id = %session.user.id, "a token was made");
    Ok((StatusCode::CREATED, Json(CreatedToken { about, token })))
}

/// Ends a token. Its next request is answered 401, wherever it comes.
#[utoipa::path(
    delete, path = "/tokens/{id}", tag = "Tokens", security(("session" = [])),
    params(("id" = Uuid, Path, description = "The token's id.")),
    responses((status = 204, description = "It has ended.")),
)]
pub async fn revoke(session: Session, State(app): State<App>, Path(id): Path<Uuid>) -> Result<StatusCode> {
    let revoked = sqlx::query!("DELETE FROM api_tokens WHERE user_id = ? AND id = ?", session.user.id, id);
    match crate::delete(&app, revoked).await? {
        0 => Err(Code::NotFound.into()),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}
