"""Who may write over HTTP: whoever shows a live API key, or anybody when keys are off."""

from typing import Annotated, Literal

from fastapi import Depends, HTTPException, Request, Security
from fastapi.security import (
    APIKeyHeader,
    HTTPAuthorizationCredentials,
    HTTPBasic,
    HTTPBasicCredentials,
    HTTPBearer,
)

from service import keys
from service.ports import House

# "off" is for one's own machine: the composition root allows it on a loopback address only, and
# web.security refuses foreign Host headers then.
AuthMode = Literal["keys", "off"]

_bearer = HTTPBearer(auto_error=False, description="`Authorization: Bearer bw_…`")
_header = APIKeyHeader(name="X-Api-Key", auto_error=False, description="`X-Api-Key: bw_…`")
# Mail providers post with a login or with nothing; the key is its password, or the user alone.
_basic = HTTPBasic(auto_error=False, description="The key as password, any user name")

Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
Header = Annotated[str | None, Security(_header)]
Basic = Annotated[HTTPBasicCredentials | None, Security(_basic)]


def writer(request: Request, bearer: Bearer, header: Header, basic: Basic) -> str:
    """Answer who writes: the key's name. 401 without a live key that may write."""
    if request.app.state.auth == "off":
        return "anyone on this machine"
    house: House = request.app.state.house
    login = (basic.password or basic.username) if basic else ""
    presented = bearer.credentials if bearer else header or login
    name = keys.allowed(house.database, presented, keys.WRITE)
    if name is None:
        raise HTTPException(
            401,
            "Writing needs a live API key: Authorization: Bearer …, or X-Api-Key",
            headers={"WWW-Authenticate": 'Bearer realm="bellwether"'},
        )
    return name


Writer = Annotated[str, Depends(writer)]
