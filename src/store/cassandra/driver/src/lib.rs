//! The functions of driver.h. Nothing unwinds out of them, and every callback is called once.
use std::ffi::c_void;
use std::future::Future;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::time::Duration;

use futures::FutureExt;

mod reply;
mod session;
mod value;

use reply::{Failure, Reply, INVALID, UNAVAILABLE};
use session::{Address, Options, Session, Statement};
use value::{elements, text, RawValue, Value};

const MOST_VALUES: usize = 10_000;
const MOST_STATEMENTS: usize = 65_535;

type Callback = extern "C" fn(user: *mut c_void, reply: *mut Reply);

/// Who waits for a reply.
struct Waiting {
    callback: Callback,
    user: *mut c_void,
}
// SAFETY: the receiver lets the callback come from any thread (driver.h).
unsafe impl Send for Waiting {}

impl Waiting {
    fn answer(self, answer: Result<Reply, Failure>) {
        (self.callback)(self.user, Box::into_raw(Box::new(answer.unwrap_or_else(Reply::failed))));
    }

    /// Answers with what comes of `work`, on the session's threads, or at once where it was refused.
    fn answer_with<W>(self, session: &Session, work: Result<W, Failure>)
    where
        W: Future<Output = Result<Reply, Failure>> + Send + 'static,
    {
        match work {
            Err(failure) => self.answer(Err(failure)),
            Ok(work) => session.spawn(async move {
                let answer = AssertUnwindSafe(work).catch_unwind().await;
                self.answer(answer.unwrap_or_else(|panic| Err(Failure::of_panic(&*panic))));
            }),
        }
    }
}

fn checked<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(Failure::of_panic(&*panic)))
}

fn invalid(what: String) -> Failure {
    Failure::new(INVALID, what)
}

#[repr(C)]
pub struct RawAddress {
    contact_points: *const c_void,
    contact_points_n: usize,
    user: *const c_void,
    user_n: usize,
    password: *const c_void,
    password_n: usize,
    local_datacenter: *const c_void,
    local_datacenter_n: usize,
    connect_timeout_ms: u32,
    request_timeout_ms: u32,
    threads: u32,
}

impl RawAddress {
    /// # Safety
    /// The pointers must be what driver.h says.
    unsafe fn read(&self) -> Result<Address, String> {
        // SAFETY: the caller's word.
        unsafe {
            let user = text(self.user, self.user_n)?;
            let password = text(self.password, self.password_n)?;
            Ok(Address {
                contact_points: text(self.contact_points, self.contact_points_n)?,
                login: (!user.is_empty()).then_some((user, password)),
                local_datacenter: text(self.local_datacenter, self.local_datacenter_n)?,
                connect_timeout: Duration::from_millis(u64::from(self.connect_timeout_ms)),
                request_timeout: Duration::from_millis(u64::from(self.request_timeout_ms)),
                threads: self.threads as usize,
            })
        }
    }
}

#[repr(C)]
pub struct RawStatement {
    text: *const c_void,
    text_n: usize,
    values: *const c_void,
    values_n: usize,
}

impl RawStatement {
    /// # Safety
    /// The pointers must be what driver.h says.
    unsafe fn read(&self) -> Result<Statement, Failure> {
        if self.values_n > MOST_VALUES {
            return Err(invalid(format!("{} values are bound at once", self.values_n)));
        }
        // SAFETY: the caller's word.
        unsafe {
            let mut values = Vec::with_capacity(self.values_n);
            for raw in elements::<RawValue>(self.values, self.values_n).map_err(invalid)? {
                values.push(Value::read(raw).map_err(invalid)?);
            }
            Ok(Statement { text: text(self.text, self.text_n).map_err(invalid)?, values })
        }
    }
}

#[repr(C)]
pub struct RawOptions {
    consistency: i32,
    serial_consistency: i32,
    idempotent: i32,
    page_size: i32,
    page_state: *const c_void,
    page_state_n: usize,
}

impl RawOptions {
    /// # Safety
    /// The pointers must be what driver.h says.
    unsafe fn read(&self) -> Result<Options, Failure> {
        // SAFETY: the caller's word.
        let state = unsafe { elements::<u8>(self.page_state, self.page_state_n) }.map_err(invalid)?;
        Ok(Options {
            consistency: Options::consistency_of(self.consistency)?,
            serial_consistency: Options::serial_of(self.serial_consistency),
            idempotent: self.idempotent != 0,
            page_size: self.page_size,
            page_state: (!state.is_empty()).then(|| state.to_vec()),
        })
    }
}

/// # Safety
/// As driver.h; so for all functions here.
#[no_mangle]
pub unsafe extern "C" fn gibsey_cql_connect(address: *const RawAddress, callback: Callback, user: *mut c_void) {
    let waiting = Waiting { callback, user };
    // SAFETY: the caller's word.
    let address = match checked(|| unsafe { (*address).read() }.map_err(invalid)) {
        Ok(address) => address,
        Err(failure) => return waiting.answer(Err(failure)),
    };
    // A thread of its own: the runtime is made and waited for in it.
    let connecting = std::thread::Builder::new().name("cassandra".into());
    let work = {
        let waiting = Waiting { callback, user };
        move || {
            let answer = checked(|| Session::connect(&address));
            waiting.answer(answer.map(|session| Reply { session: Some(Box::new(session)), ..Reply::default() }));
        }
    };
    if let Err(error) = connecting.spawn(work) {
        waiting.answer(Err(Failure::new(UNAVAILABLE, format!("no thread to connect on: {error}"))));
    }
}

#[no_mangle]
pub unsafe extern "C" fn gibsey_cql_take_session(reply: *mut Reply) -> *mut Session {
    // SAFETY: the caller's word.
    let session = unsafe { (*reply).session.take() };
    session.map_or(std::ptr::null_mut(), Box::into_raw)
}

#[no_mangle]
pub unsafe extern "C" fn gibsey_cql_execute(
    session: *const Session,
    statement: *const RawStatement,
    options: *const RawOptions,
    callback: Callback,
    user: *mut c_void,
) {
    // SAFETY: the caller's word.
    let session = unsafe { &*session };
    let work = checked(|| unsafe { Ok(session.execute((*statement).read()?, (*options).read()?)) });
    Waiting { callback, user }.answer_with(session, work);
}

#[no_mangle]
pub unsafe extern "C" fn gibsey_cql_use(
    session: *const Session,
    keyspace: *const c_void,
    n: usize,
    callback: Callback,
    user: *mut c_void,
) {
    // SAFETY: the caller's word.
    let session = unsafe { &*session };
    let work = checked(|| unsafe { Ok(session.use_keyspace(text(keyspace, n).map_err(invalid)?)) });
    Waiting { callback, user }.answer_with(session, work);
}

#[no_mangle]
pub unsafe extern "C" fn gibsey_cql_define(
    session: *const Session,
    statement: *const RawStatement,
    callback: Callback,
    user: *mut c_void,
) {
    // SAFETY: the caller's word.
    let session = unsafe { &*session };
    let work = checked(|| unsafe { Ok(session.define((*statement).read()?.text)) });
    Waiting { callback, user }.answer_with(session, work);
}

#[no_mangle]
pub unsafe extern "C" fn gibsey_cql_batch(
    session: *const Session,
    statements: *const c_void,
    n: usize,
    options: *const RawOptions,
    callback: Callback,
    user: *mut c_void,
) {
    // SAFETY: the caller's word.
    let session = unsafe { &*session };
    let work = checked(|| {
        if n > MOST_STATEMENTS {
            return Err(invalid(format!("a batch of {n} statements")));
        }
        // SAFETY: the caller's word.
        unsafe {
            let raw = elements::<RawStatement>(statements, n).map_err(invalid)?;
            let statements = raw.iter().map(|one| one.read()).collect::<Result<Vec<_>, _>>()?;
            Ok(session.batch(statements, (*options).read()?))
        }
    });
    Waiting { callback, user }.answer_with(session, work);
}

#[no_mangle]
pub unsafe extern "C" fn gibsey_cql_error(reply: *const Reply, text: *mut *const c_void, n: *mut usize) -> i32 {
    // SAFETY: the caller's word.
    unsafe {
        let said = (*reply).failure.as_ref().map_or("", |failure| &failure.text);
        *text = said.as_ptr().cast();
        *n = said.len();
        (*reply).failure.as_ref().map_or(0, |failure| failure.code)
    }
}

#[no_mangle]
pub unsafe extern "C" fn gibsey_cql_rows(reply: *const Reply) -> usize {
    // SAFETY: the caller's word.
    unsafe { (*reply).rows.len() }
}

#[no_mangle]
pub unsafe extern "C" fn gibsey_cql_columns(reply: *const Reply) -> usize {
    // SAFETY: the caller's word.
    unsafe { (*reply).columns }
}

#[no_mangle]
pub unsafe extern "C" fn gibsey_cql_get(reply: *const Reply, row: usize, column: usize, value: *mut RawValue) -> i32 {
    // SAFETY: the caller's word.
    unsafe {
        let reply = &*reply;
        let found = reply.rows.get(row).and_then(|row| row.get(column)).and_then(value::Cell::raw);
        *value = found.unwrap_or(RawValue::null());
        i32::from(found.is_some())
    }
}

#[no_mangle]
pub unsafe extern "C" fn gibsey_cql_page_state(reply: *const Reply, n: *mut usize) -> *const c_void {
    // SAFETY: the caller's word.
    unsafe {
        *n = (*reply).page_state.len();
        (*reply).page_state.as_ptr().cast()
    }
}

#[no_mangle]
pub unsafe extern "C" fn gibsey_cql_free_reply(reply: *mut Reply) {
    if !reply.is_null() {
        // SAFETY: the caller's word; it came from Box::into_raw.
        let _ = checked(|| {
            drop(unsafe { Box::from_raw(reply) });
            Ok(())
        });
    }
}

#[no_mangle]
pub unsafe extern "C" fn gibsey_cql_close(session: *mut Session) {
    if !session.is_null() {
        let _ = checked(|| {
            // SAFETY: the caller's word; it came from Box::into_raw.
            unsafe { Box::from_raw(session) }.close();
            Ok(())
        });
    }
}
