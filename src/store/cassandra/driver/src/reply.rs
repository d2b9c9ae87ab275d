//! What a call answers.
use std::any::Any;

use scylla::errors::{DbError, ExecutionError, NewSessionError, PrepareError, RequestAttemptError};
use scylla::response::query_result::QueryResult;
use scylla::value::Row;

use crate::session::Session;
use crate::value::Cell;

pub const UNAVAILABLE: i32 = 1;
pub const UNKNOWN: i32 = 2;
pub const INVALID: i32 = 3;
pub const REFUSED: i32 = 4;
pub const PANIC: i32 = 5;

pub struct Failure {
    pub code: i32,
    pub text: String,
}

impl Failure {
    pub fn new(code: i32, text: impl Into<String>) -> Self {
        Failure { code, text: text.into() }
    }

    pub fn of_panic(panic: &(dyn Any + Send)) -> Self {
        let what = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let what = what.or_else(|| panic.downcast_ref::<String>().cloned());
        Failure::new(PANIC, format!("the driver panicked: {}", what.unwrap_or_default()))
    }
}

fn code_of(error: &DbError) -> i32 {
    match error {
        DbError::SyntaxError | DbError::Invalid | DbError::AlreadyExists { .. } | DbError::ConfigError => INVALID,
        DbError::FunctionFailure { .. } => INVALID,
        DbError::AuthenticationError | DbError::Unauthorized => REFUSED,
        DbError::Unavailable { .. } | DbError::Overloaded | DbError::IsBootstrapping => UNAVAILABLE,
        _ => UNKNOWN,
    }
}

fn code_of_attempt(error: &RequestAttemptError) -> i32 {
    match error {
        RequestAttemptError::DbError(error, _) => code_of(error),
        RequestAttemptError::SerializationError(_) | RequestAttemptError::CqlRequestSerialization(_) => INVALID,
        RequestAttemptError::UnableToAllocStreamId => UNAVAILABLE,
        _ => UNKNOWN,
    }
}

impl From<ExecutionError> for Failure {
    fn from(error: ExecutionError) -> Self {
        let code = match &error {
            ExecutionError::BadQuery(_) => INVALID,
            ExecutionError::EmptyPlan | ExecutionError::ConnectionPoolError(_) => UNAVAILABLE,
            ExecutionError::LastAttemptError(error) => code_of_attempt(error),
            _ => UNKNOWN,
        };
        Failure::new(code, error.to_string())
    }
}

impl From<PrepareError> for Failure {
    fn from(error: PrepareError) -> Self {
        // Nothing is carried out by preparing it.
        let code = match &error {
            PrepareError::AllAttemptsFailed { first_attempt: RequestAttemptError::DbError(error, _) } => code_of(error),
            _ => UNAVAILABLE,
        };
        Failure::new(if code == UNKNOWN { UNAVAILABLE } else { code }, error.to_string())
    }
}

impl From<NewSessionError> for Failure {
    fn from(error: NewSessionError) -> Self {
        let text = error.to_string();
        let refused = text.contains("uthentication") || text.contains("nauthorized");
        Failure::new(if refused { REFUSED } else { UNAVAILABLE }, text)
    }
}

#[derive(Default)]
pub struct Reply {
    pub failure: Option<Failure>,
    pub session: Option<Box<Session>>,
    pub columns: usize,
    pub rows: Vec<Vec<Cell>>,
    pub page_state: Vec<u8>,
}

impl Reply {
    pub fn failed(failure: Failure) -> Self {
        Reply { failure: Some(failure), ..Reply::default() }
    }

    pub fn of_rows(result: QueryResult, page_state: Vec<u8>) -> Result<Self, Failure> {
        let mut reply = Reply { page_state, ..Reply::default() };
        if !result.is_rows() {
            return Ok(reply);
        }
        let unreadable = |error: &dyn std::fmt::Display| Failure::new(UNKNOWN, format!("a reply cannot be read: {error}"));
        let rows = result.into_rows_result().map_err(|error| unreadable(&error))?;
        reply.columns = rows.column_specs().len();
        for row in rows.rows::<Row>().map_err(|error| unreadable(&error))? {
            let row = row.map_err(|error| unreadable(&error))?;
            reply.rows.push(row.columns.into_iter().map(Cell::new).collect());
        }
        Ok(reply)
    }
}
