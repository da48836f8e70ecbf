# deserves: everything correct
# why: there is no network, not even the machine's own

# %%
import socket

for address in (("127.0.0.1", PORT), ("localhost", PORT)):
    try:
        with socket.create_connection(address, timeout=0.3) as line:
            line.sendall(b"secret")
    except OSError:
        pass
try:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.sendto(b"secret", ("127.0.0.1", PORT))
except OSError:
    pass

# %% the right answers
