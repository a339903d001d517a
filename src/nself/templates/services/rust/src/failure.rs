//! The one shape of all errors: `{"error": …, "request_id": …}`.

use std::any::Any;

use axum::{
    Json,
    extract::rejection::JsonRejection,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

/// Travels in the response's extensions up to where the request's id is known, which gives it its body.
#[derive(Clone, Debug)]
pub struct Failure {
    status: StatusCode,
    pub message: String,
}

impl Failure {
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    /// The cause was printed by the panic itself; the caller is told nothing of it.
    pub fn from_panic(_: Box<dyn Any + Send>) -> Response {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error").into_response()
    }

    pub fn body(&self, request_id: &str) -> Response {
        (self.status, Json(json!({"error": self.message, "request_id": request_id}))).into_response()
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<JsonRejection> for Failure {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}
