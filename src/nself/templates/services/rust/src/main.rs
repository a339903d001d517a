//! {{SERVICE_NAME}}, an HTTP service of {{PROJECT_NAME}}: how it starts and stops.

mod app;
mod failure;
mod health;
mod log;
mod observe;
mod settings;
#[cfg(test)]
mod tests;

use std::{future::Future, io, process::ExitCode, time::Duration};

use axum::Router;
use settings::Settings;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::oneshot,
    time::sleep,
};

#[tokio::main]
async fn main() -> ExitCode {
    log::start(settings::service());
    let ran = match (Settings::from_environment(), std::env::args().nth(1).as_deref()) {
        (Err(wrong), _) => Err(io::Error::other(wrong)),
        (Ok(settings), Some("--health")) => health::probe(settings.port),
        (Ok(settings), _) => run(settings).await,
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "failed");
            ExitCode::FAILURE
        }
    }
}

async fn run(settings: Settings) -> io::Result<()> {
    let listener = TcpListener::bind((settings.host.as_str(), settings.port)).await?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let told_to_stop = async move {
        tokio::select! { _ = terminate.recv() => (), _ = interrupt.recv() => () }
    };
    let grace = settings.grace;
    tracing::info!(address = %listener.local_addr()?, "started");
    serve(listener, app::router(settings), told_to_stop, grace).await?;
    tracing::info!("stopped");
    Ok(())
}

/// Answers until told to stop, then finishes the requests it had begun, for as long as `grace`.
async fn serve(
    listener: TcpListener,
    router: Router,
    told_to_stop: impl Future<Output = ()> + Send + 'static,
    grace: Duration,
) -> io::Result<()> {
    let (stopping, stopped) = oneshot::channel();
    let server = axum::serve(listener, router).with_graceful_shutdown(async {
        told_to_stop.await;
        let _ = stopping.send(());
    });
    let out_of_time = async {
        let _ = stopped.await;
        sleep(grace).await;
    };
    tokio::select! {
        served = server.into_future() => served,
        () = out_of_time => Err(io::Error::other(format!("requests were cut off after {grace:?}"))),
    }
}
