package main

import (
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWebUI(t *testing.T) {
	t.Parallel()
	uiPort, metricsPort := freePort(t), freePort(t)
	p := startServer(t, "--ui-port", strconv.Itoa(uiPort), "--metrics-port", strconv.Itoa(metricsPort), "--ui-codec-endpoint", "http://codec.example")
	ui := "http://" + address(loopback, uiPort)
	require.Contains(t, get(t, ui+"/"), "<html")
	require.Contains(t, get(t, ui+"/namespaces/default/workflows"), "<html")
	require.Contains(t, get(t, ui+"/api/v1/namespaces"), `"default"`, "the UI reaches the frontend")
	require.Contains(t, get(t, ui+"/api/v1/settings"), "http://codec.example")
	require.Contains(t, get(t, "http://"+address(loopback, metricsPort)+"/metrics"), "service_requests")
	require.Contains(t, p.stdout.String(), ui)
}

func TestHeadless(t *testing.T) {
	t.Parallel()
	p := startServer(t, "--headless")
	_, err := net.Dial("tcp", address(loopback, p.port+uiPortOffset))
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	require.NotContains(t, p.stdout.String(), "UI:")
}

func TestTakenPorts(t *testing.T) {
	t.Parallel()
	busy, err := net.Listen("tcp", loopback+":0")
	require.NoError(t, err)
	defer func() { require.NoError(t, busy.Close()) }()
	taken := strconv.Itoa(busy.Addr().(*net.TCPAddr).Port)
	for _, flag := range []string{"port", "ui-port", "http-port", "metrics-port"} {
		args := startDev("--"+flag, taken)
		if flag != "port" {
			args = append(args, "--port", strconv.Itoa(freePort(t)))
		}
		if flag != "ui-port" {
			args = append(args, "--headless")
		}
		code, stdout, stderr := runOnce(t, args...)
		require.Equal(t, 1, code)
		require.Empty(t, stdout)
		require.Equal(t, "devserver: port "+taken+" (--"+flag+") is taken on 127.0.0.1: stop the program that listens there or choose another with --"+flag+"\n", stderr)
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	var body []byte
	// The UI opens its port a moment after the server has said where it will be.
	require.Eventually(t, func() bool {
		resp, err := http.Get(url) //nolint:noctx // bounded by Eventually
		if err != nil {
			return false
		}
		defer func() { _ = resp.Body.Close() }()
		body, err = io.ReadAll(resp.Body)
		return err == nil && resp.StatusCode == http.StatusOK
	}, 20*time.Second, 20*time.Millisecond, url)
	return strings.TrimSpace(string(body))
}
