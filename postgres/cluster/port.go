package cluster

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// choosePort takes the wanted port, else the one of the last start when it is still free, else a free one, and
// remembers it: programs that were told the old address find the server again.
func choosePort(o Options) (int, error) {
	if o.Port != 0 {
		return o.Port, nil
	}
	file := filepath.Join(o.Dir, "port")
	if kept, err := os.ReadFile(file); err == nil {
		if port, err := strconv.Atoi(strings.TrimSpace(string(kept))); err == nil {
			if port, err := listenOnce(port); err == nil {
				return port, nil
			}
		}
	}
	port, err := listenOnce(0)
	if err != nil {
		return 0, fmt.Errorf("find a free port for Postgres: %w", err)
	}
	if err := os.WriteFile(file, []byte(strconv.Itoa(port)+"\n"), 0o644); err != nil {
		return 0, fmt.Errorf("remember the Postgres port: %w", err)
	}
	return port, nil
}

// listenOnce shows that a port is free by taking it for a moment.
func listenOnce(port int) (int, error) {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}
