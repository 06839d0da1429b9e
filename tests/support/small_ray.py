"""As much of the module `ray` as starts objects and ends them, in this process."""

from types import SimpleNamespace


class RayError(Exception):
    """Base of Ray's errors."""


class GetTimeoutError(RayError):
    """Not there in time."""


class RayTaskError(RayError):
    """A method raised something."""

    def __init__(self, cause):
        super().__init__(str(cause))
        self.cause = cause


class SmallRay:
    """Nodes by id; `dead` ones lose what is started there."""

    exceptions = SimpleNamespace(
        RayError=RayError, RayTaskError=RayTaskError, GetTimeoutError=GetTimeoutError
    )

    def __init__(self, *nodes, dead=()):
        self._nodes, self._dead = nodes, dead
        self.killed = []

    def nodes(self):
        return [{"NodeID": node, "NodeManagerAddress": "10.0.0.1"} for node in self._nodes]

    def get_runtime_context(self):
        return SimpleNamespace(get_node_id=lambda: self._nodes[0])

    def remote(self, **options):
        node = options["scheduling_strategy"].node_id
        return lambda kind: SimpleNamespace(remote=lambda: Actor(kind(), node, node in self._dead))

    def get(self, pending, timeout):
        assert timeout
        return pending()

    def kill(self, actor):
        self.killed.append(actor)


class Actor:
    """An object on a node."""

    def __init__(self, held, node, is_dead):
        self._held, self.node, self._is_dead = held, node, is_dead

    def __getattr__(self, method):
        return SimpleNamespace(remote=lambda *arguments: lambda: self._called(method, arguments))

    def _called(self, method, arguments):
        if self._is_dead:
            raise RayError("the actor died")
        try:
            return getattr(self._held, method)(*arguments)
        except Exception as error:
            raise RayTaskError(error) from error
