from .server import listening_socket as listening_socket
from .server import serve as serve
from .server import warm as warm
from .static import site as site
from .tools import server_class as server_class
from .tools import speak as speak
