package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"duradesk/cmd/duradesk/supervise"
)

// oldestTemporal is the first server whose settings and time skipping Duradesk relies on.
var oldestTemporal = [3]int{1, 32, 1}

// temporalBinary is a program that takes `server start-dev` and the flags of the Temporal CLI.
type temporalBinary struct {
	path    string
	version string // of the server, as 1.32.1
	ours    bool   // built from devserver/, which has the settings below by itself
}

// singleNode are the settings of a server of one process and one shard. Without the first six a signal waits up to
// 50 ms; without the next two a burst of tickets waits in partitions that forward to each other; without the next three the
// server's own hundreds of workers stand before everybody else at the one connection to its file.
var singleNode = []string{
	"history.transferProcessorMaxPollRPS=10000",
	"history.timerProcessorMaxPollRPS=10000",
	"history.visibilityProcessorMaxPollRPS=10000",
	"history.transferProcessorMaxPollHostRPS=10000",
	"history.timerProcessorMaxPollHostRPS=10000",
	"history.visibilityProcessorMaxPollHostRPS=10000",
	"matching.numTaskqueueReadPartitions=1",
	"matching.numTaskqueueWritePartitions=1",
	"history.visibilityProcessorSchedulerWorkerCount=4",
	"history.transferProcessorSchedulerWorkerCount=64",
	"history.timerProcessorSchedulerWorkerCount=64",
	"system.forceSearchAttributesCacheRefreshOnRead=true",
	"frontend.WorkflowTimeSkippingEnabled=true",
}

// findTemporal takes DURADESK_TEMPORAL_BIN, else a Temporal CLI on PATH that is new enough, else our own small server,
// which is built on first use.
func findTemporal(ctx context.Context, out *printer) (temporalBinary, error) {
	if given := os.Getenv("DURADESK_TEMPORAL_BIN"); given != "" {
		binary, err := inspectTemporal(ctx, given)
		if err != nil {
			return binary, fmt.Errorf("DURADESK_TEMPORAL_BIN: %w", err)
		}
		return binary, nil
	}
	if onPath, err := exec.LookPath("temporal"); err == nil {
		binary, err := inspectTemporal(ctx, onPath)
		if err == nil && newEnough(binary.version) {
			return binary, nil
		}
	}
	return builtTemporal(ctx, out)
}

var serverVersion = regexp.MustCompile(`\(Server (\d+\.\d+\.\d+)`)

func inspectTemporal(ctx context.Context, path string) (temporalBinary, error) {
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return temporalBinary{}, fmt.Errorf("ask %s for its version: %w", path, err)
	}
	match := serverVersion.FindSubmatch(out)
	if match == nil {
		return temporalBinary{}, fmt.Errorf("%s says of its version %q, which names no server", path, strings.TrimSpace(string(out)))
	}
	ours := strings.Contains(string(out), "duradesk-devserver")
	return temporalBinary{path: path, version: string(match[1]), ours: ours}, nil
}

func newEnough(version string) bool {
	for n, part := range strings.Split(version, ".") {
		number, err := strconv.Atoi(part)
		if err != nil || number < oldestTemporal[n] {
			return false
		}
		if number > oldestTemporal[n] {
			return true
		}
	}
	return true
}

// temporalChild runs the server. Its SQLite file is named by the server's version, since no version reads another's.
func (u *up) temporalChild() supervise.Child {
	return supervise.Child{
		Name: partTemporal,
		Command: func(context.Context) (*exec.Cmd, error) {
			store := filepath.Join(u.Dir, "temporal", "temporal-"+u.temporal.version+".db")
			if err := os.MkdirAll(filepath.Dir(store), 0o755); err != nil {
				return nil, fmt.Errorf("make Temporal's directory: %w", err)
			}
			return exec.Command(u.temporal.path, u.temporal.arguments(u.addresses, u.setting("TEMPORAL_NAMESPACE"), store)...), nil
		},
		Ready: func(ctx context.Context) error {
			return temporalAnswers(ctx, reachable(u.addresses.temporal), u.setting("TEMPORAL_NAMESPACE"))
		},
	}
}

func (b temporalBinary) arguments(a addresses, namespace, store string) []string {
	ip, port, _ := net.SplitHostPort(a.temporal)
	uiIP, uiPort, _ := net.SplitHostPort(a.temporalUI)
	args := []string{
		"server", "start-dev", "--ip", ip, "--port", port, "--ui-ip", uiIP, "--ui-port", uiPort,
		"--db-filename", store, "--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL",
		"--log-level", "warn",
	}
	if namespace != "default" {
		args = append(args, "--namespace", namespace)
	}
	if !b.ours {
		for _, setting := range singleNode {
			args = append(args, "--dynamic-config-value", setting)
		}
	}
	return args
}

// temporalAnswers asks whether the server answers and has the namespace.
func temporalAnswers(ctx context.Context, address, namespace string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	c, err := client.NewLazyClient(client.Options{
		HostPort: address,
		Logger:   log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		return fmt.Errorf("make a Temporal client: %w", err)
	}
	defer c.Close()
	if _, err = c.CheckHealth(ctx, &client.CheckHealthRequest{}); err == nil {
		_, err = c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
	}
	if err != nil {
		return fmt.Errorf("ask Temporal at %s: %w", address, err)
	}
	return nil
}
