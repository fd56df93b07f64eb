package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// probeCommand asks a running part whether it is ready. It stands in for the shell and curl that the container image
// does not have.
type probeCommand struct {
	URL     string        `arg:"" help:"http://HOST:PORT/PATH must answer 200; tcp://HOST:PORT must accept a connection."`
	Timeout time.Duration `default:"3s" help:"How long to wait."`
}

// Run returns an error, and the process exit code 1, where the part is not ready.
func (c *probeCommand) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	target, err := url.Parse(c.URL)
	if err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	switch target.Scheme {
	case "tcp":
		return probeTCP(ctx, target.Host)
	case "http", "https":
		return probeHTTP(ctx, c.URL)
	}
	return fmt.Errorf("probe: %q is neither http://, https:// nor tcp://", c.URL)
}

func probeTCP(ctx context.Context, address string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("not ready: %w", err)
	}
	_ = conn.Close() // it was accepted, which is all that was asked
	return nil
}

func probeHTTP(ctx context.Context, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("not ready: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	said, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<10)) // the parts that are not ready, for who reads the log
	return fmt.Errorf("not ready: %s answers %s: %s", address, answer.Status, said)
}
