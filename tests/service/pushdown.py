"""Whether a distributed PostgreSQL could run a statement on every machine alone.

It can when the large tables of a statement are joined by the customer's key, what is grouped is
grouped by it, and nothing that lies with the coordinator is mixed in. Told from the statement as it
is parsed, by the rules of Citus: co-located joins, and subqueries that are pushed down.
"""

import re
from collections.abc import Iterator

from sqlglot import exp, parse_one

from storage.placement import KEY, place_of

COPIED = re.compile(r"COPY \((?P<query>.*)\) TO STDOUT.*", re.DOTALL)
# What moves no rows between tables.
PLAIN = (
    "COPY",
    "SAVEPOINT",
    "RELEASE",
    "ROLLBACK",
    "SET",
    "SELECT SET_CONFIG",
    "TRUNCATE",
    "CREATE",
)

Node = exp.Expr


def faults(statement: str) -> list[str]:
    """Return why a statement could not be pushed down; nothing when it could, or has no need."""
    copied = COPIED.fullmatch(statement.strip())
    text = copied["query"] if copied else statement
    if not copied and text.strip().upper().startswith(PLAIN):
        return []
    tree = parse_one(text, dialect="postgres")
    large = [one for one in _tables(tree) if _is(one, "distributed")]
    if not large:
        return []
    return [
        *_mixed(tree),
        *_apart(tree, large),
        *_grouped_otherwise(tree),
        *_limited_by_reference(tree),
        *_outer_reference(tree),
    ]


def _mixed(tree: Node) -> Iterator[str]:
    local = sorted({one.name for one in _tables(tree) if _is(one, "local")})
    if local and not isinstance(tree, exp.Insert):
        yield f"mixes large tables with {local}, which lie with the coordinator"


def _apart(tree: Node, large: list[exp.Table]) -> Iterator[str]:
    """Tell which large tables are not joined by the key; the arms of a union need not be."""
    links = _links(tree)
    for arm in _arms(tree):
        mine = [one for one in large if _arm_of(one, tree) is arm]
        classes = {_class(links, id(one)) for one in mine}
        if len(classes) > 1:
            yield f"{[one.name for one in mine]} are not all joined by {KEY}"
    for union in tree.find_all(exp.Union):
        for arm in (union.left, union.right):
            if isinstance(arm, exp.Select) and not any(map(_key_source, arm.selects)):
                yield f"an arm of a union hides {KEY}: {arm.sql()[:80]}"


def _grouped_otherwise(tree: Node) -> Iterator[str]:
    for select in tree.find_all(exp.Select):
        group = select.args.get("group")
        if group and _reads_large(select) and not any(map(_key_source, group.expressions)):
            yield f"groups without {KEY}: {group.sql()}"
    for window in tree.find_all(exp.Window):
        around = window.find_ancestor(exp.Select)
        split = window.args.get("partition_by") or []
        if around is not None and _reads_large(around) and not any(map(_key_source, split)):
            yield f"a window without {KEY}: {window.sql()[:80]}"


def _limited_by_reference(tree: Node) -> Iterator[str]:
    """Citus refuses a LIMIT below what is repeated for every row of a reference table."""
    for select in tree.find_all(exp.Select):
        if not select.args.get("limit") or not _reads_large(select):
            continue
        own = {id(one) for one in _tables(select)}
        outer = [_source(column) for column in select.find_all(exp.Column)]
        if any(one is not None and id(one) not in own and _is(one, "reference") for one in outer):
            yield f"a LIMIT for each row of a reference table: {select.sql()[:80]}"


def _outer_reference(tree: Node) -> Iterator[str]:
    for join in tree.find_all(exp.Join):
        select = join.parent
        if join.side != "LEFT" or not isinstance(select, exp.Select):
            continue
        first = select.args["from_"].this
        if _is(first, "reference") and _holds_large(join.this):
            yield f"a reference table on the outer side of a join: {join.sql()[:80]}"


def _tables(tree: Node) -> list[exp.Table]:
    return [one for one in tree.find_all(exp.Table) if place_of(one.name) is not None]


def _is(one: Node, place: str) -> bool:
    return isinstance(one, exp.Table) and place_of(one.name) == place


def _holds_large(tree: Node) -> bool:
    return any(_is(one, "distributed") for one in tree.find_all(exp.Table))


def _reads_large(select: exp.Select) -> bool:
    """Tell whether the select's own sources hold a large table, be it in a derived one."""
    return any(_holds_large(source) for source in _own(select))


def _own(scope: Node) -> list[Node]:
    """Return what a SELECT, UPDATE or DELETE reads by itself: tables and derived tables."""
    found: list[Node] = []
    if isinstance(scope, exp.Update | exp.Delete | exp.Insert) and scope.this is not None:
        found.append(scope.this)
    begin = scope.args.get("from_")
    if begin is not None:
        found.append(begin.this)
        found += [join.this for join in begin.this.args.get("joins") or []]
    found += [join.this for join in scope.args.get("joins") or []]
    found += [using.this for using in scope.args.get("using") or [] if isinstance(using, exp.From)]
    return [one.this if isinstance(one, exp.Lateral) else one for one in found]


def _source(column: exp.Column) -> Node | None:
    """Find which source a column is of: by its name, in the nearest statement around it."""
    scope: Node | None = column.parent
    while scope is not None:
        if isinstance(scope, exp.Select | exp.Update | exp.Delete | exp.Insert):
            for source in _own(scope):
                if _alias(source) == column.table:
                    return source
        scope = scope.parent
    return None


def _alias(source: Node) -> str:
    if isinstance(source, exp.Subquery) and isinstance(source.parent, exp.Lateral):
        return source.parent.alias_or_name or source.alias_or_name
    return source.alias_or_name


def _key_source(given: Node) -> Node | None:
    """Return the source whose customer's key this is: a column, or one of a derived table."""
    column = given.this if isinstance(given, exp.Alias) else given
    if not isinstance(column, exp.Column):
        return None
    source = _source(column)
    if isinstance(source, exp.Table):
        own = "id" if source.name == "customer" else KEY
        return source if column.name == own else None
    if isinstance(source, exp.Subquery):
        return _key_below(source, column.name)
    return None


def _key_below(derived: exp.Subquery, name: str) -> Node | None:
    select = derived.this.left if isinstance(derived.this, exp.Union) else derived.this
    for one in select.selects:
        if one.alias_or_name == name:
            return _key_source(one)
    return None


def _links(tree: Node) -> dict[int, int]:
    """Join, two by two, the tables whose keys are said to be equal."""
    links: dict[int, int] = {}
    for equal in tree.find_all(exp.EQ):
        one, other = _key_source(equal.left), _key_source(equal.right)
        if one is not None and other is not None:
            links[_class(links, id(one))] = _class(links, id(other))
    for member in tree.find_all(exp.In):
        one, query = _key_source(member.this), member.args.get("query")
        select = query.this if isinstance(query, exp.Subquery) else query
        if one is not None and isinstance(select, exp.Select):
            below = _key_source(select.selects[0])
            if below is not None:
                links[_class(links, id(one))] = _class(links, id(below))
    for insert in tree.find_all(exp.Insert):
        links |= _filled(insert)
    return links


def _filled(insert: exp.Insert) -> dict[int, int]:
    """Join a table with what it is filled from, where the key it gets is that one's key."""
    schema, select = insert.this, insert.expression
    if not isinstance(schema, exp.Schema) or not isinstance(select, exp.Select):
        return {}
    named = zip(schema.expressions, select.selects, strict=True)
    sources = [_key_source(given) for name, given in named if name.name == KEY]
    return {id(schema.this): id(one) for one in sources if one is not None}


def _class(links: dict[int, int], node: int) -> int:
    while node in links and links[node] != node:
        node = links[node]
    return node


def _arms(tree: Node) -> list[Node]:
    """Return the arms of the statement's unions, or the statement."""
    arms: list[Node] = [
        arm
        for union in tree.find_all(exp.Union)
        for arm in (union.left, union.right)
        if not isinstance(arm, exp.Union)
    ]
    return arms or [tree]


def _arm_of(table: Node, tree: Node) -> Node:
    arms = {id(arm): arm for arm in _arms(tree)}
    node: Node | None = table
    while node is not None and id(node) not in arms:
        node = node.parent
    return tree if node is None else node
