"""How our own errors become HTTP answers: one visible table."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from service.errors import DraftInvalid, EventConflict, UnknownCustomer
from storage.errors import Busy, StorageError, TookTooLong, Unreachable

NOT_FOUND = "Customer not found"


def install(app: FastAPI) -> None:
    """Teach the app the answers below."""
    app.add_exception_handler(UnknownCustomer, _unknown)
    app.add_exception_handler(DraftInvalid, _invalid)
    app.add_exception_handler(EventConflict, _conflict)
    app.add_exception_handler(StorageError, _storage)


def _unknown(_: Request, __: Exception) -> JSONResponse:
    return JSONResponse({"detail": NOT_FOUND}, 404)


def _invalid(_: Request, fault: Exception) -> JSONResponse:
    """Name every broken field, in the shape FastAPI's own answers have."""
    problems = fault.problems if isinstance(fault, DraftInvalid) else ()
    detail = [
        {
            "loc": ["body", *problem.field.split(".")],
            "msg": f"found {problem.found}; {problem.allowed}",
            "type": "value_error",
        }
        for problem in problems
    ]
    return JSONResponse({"detail": detail}, 422)


def _conflict(_: Request, fault: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(fault)}, 409)


def _storage(_: Request, fault: Exception) -> JSONResponse:
    """Say whether trying again may help; never what the database said."""
    if isinstance(fault, Busy | TookTooLong | Unreachable):
        words = "The database is not answering; try again in a moment"
        return JSONResponse({"detail": words}, 503, headers={"Retry-After": "5"})
    return JSONResponse(
        {"detail": HTTPStatus.INTERNAL_SERVER_ERROR.phrase}, HTTPStatus.INTERNAL_SERVER_ERROR
    )
