//! The service asked in-process, and once over a socket.

use std::time::Duration;

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header},
    response::Response,
    routing::post,
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
};
use tower::ServiceExt;

use crate::{app, serve, settings::Settings};

fn service() -> Router {
    app::router(Settings {
        service: "{{SERVICE_NAME}}".into(),
        environment: "dev".into(),
        host: "127.0.0.1".into(),
        port: 0,
        body_limit: 1000,
        grace: Duration::from_secs(10),
    })
}

fn request(method: &str, path: &str, body: impl Into<Body>) -> Request<Body> {
    let built = Request::builder().method(method).uri(path);
    built.header(header::CONTENT_TYPE, "application/json").header("x-request-id", "mine").body(body.into()).unwrap()
}

async fn text(response: Response) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().into()).unwrap()
}

async fn ask(method: &str, path: &str, body: impl Into<Body>) -> (StatusCode, Value) {
    let response = service().oneshot(request(method, path, body)).await.unwrap();
    assert_eq!(response.headers()["x-request-id"], "mine");
    (response.status(), serde_json::from_str(&text(response).await).unwrap())
}

#[tokio::test]
async fn it_is_healthy() {
    let (status, body) = ask("GET", "/health", "").await;
    assert_eq!((status, &body["status"]), (StatusCode::OK, &json!("ok")));
}

#[tokio::test]
async fn it_says_what_it_is() {
    assert_eq!(ask("GET", "/", "").await.1["service"], "{{SERVICE_NAME}}");
    assert_eq!(ask("GET", "/api/info", "").await.1["framework"], "axum");
}

#[tokio::test]
async fn it_echoes_json_and_refuses_the_rest() {
    assert_eq!(
        ask("POST", "/api/echo", r#"{"a": [1, null]}"#).await,
        (StatusCode::OK, json!({"echo": {"a": [1, null]}}))
    );
    for (sent, status) in [("{".to_owned(), 400), ("{} {}".to_owned(), 400), (format!("\"{}\"", "a".repeat(1000)), 413)]
    {
        let (answered, body) = ask("POST", "/api/echo", sent).await;
        assert_eq!((answered.as_u16(), &body["request_id"]), (status, &json!("mine")));
    }
}

#[tokio::test]
async fn what_is_not_there_is_an_error_in_json() {
    assert_eq!(ask("GET", "/nowhere", "").await.1["error"], "not found");
    assert_eq!(ask("DELETE", "/health", "").await.0, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn metrics_count_by_route() {
    let service = service();
    for path in ["/health", "/health", "/no/such/page"] {
        service.clone().oneshot(request("GET", path, "")).await.unwrap();
    }
    let found = text(service.oneshot(request("GET", "/metrics", "")).await.unwrap()).await;
    for line in [
        r#"http_requests_total{method="GET",route="/health",status="200"} 2"#,
        r#"http_requests_total{method="GET",route="unmatched",status="404"} 1"#,
        r#"http_request_duration_seconds_count{method="GET",route="/health"} 2"#,
    ] {
        assert!(found.contains(line), "no {line} in {found}");
    }
}

#[tokio::test]
async fn a_request_under_way_is_finished_before_the_service_stops() {
    let (begun, mut beginnings) = mpsc::channel(1);
    let slow = Router::new().route(
        "/",
        post(async move |body: Body| {
            begun.send(()).await.unwrap();
            body.collect().await.unwrap().to_bytes()
        }),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stop, told_to_stop) = oneshot::channel::<()>();
    let stopping = async { told_to_stop.await.unwrap() };
    let served = tokio::spawn(serve(listener, slow, stopping, Duration::from_secs(10)));

    client.write_all(b"POST / HTTP/1.1\r\nhost: here\r\ncontent-length: 8\r\n\r\n").await.unwrap();
    beginnings.recv().await.unwrap();
    stop.send(()).unwrap();
    client.write_all(b"finished").await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("finished"), "{answer}");
    served.await.unwrap().unwrap();
}
