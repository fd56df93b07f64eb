package main

import (
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/operatorservice/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	taskQueue  = "test"
	noteSignal = "note"
)

// notebook collects signals until its timer fires and returns them.
func notebook(ctx workflow.Context, wait time.Duration) ([]string, error) {
	var notes []string
	if err := workflow.SetQueryHandler(ctx, "notes", func() ([]string, error) { return notes, nil }); err != nil {
		return nil, err
	}
	done := false
	timer := workflow.NewTimer(ctx, wait)
	signals := workflow.GetSignalChannel(ctx, noteSignal)
	for !done {
		sel := workflow.NewSelector(ctx)
		sel.AddFuture(timer, func(workflow.Future) { done = true })
		sel.AddReceive(signals, func(c workflow.ReceiveChannel, _ bool) {
			var note string
			c.Receive(ctx, &note)
			notes = append(notes, note)
		})
		sel.Select(ctx)
	}
	return notes, nil
}

func startWorker(t *testing.T, c client.Client) worker.Worker {
	t.Helper()
	w := worker.New(c, taskQueue, worker.Options{})
	w.RegisterWorkflowWithOptions(notebook, workflow.RegisterOptions{Name: "notebook"})
	require.NoError(t, w.Start())
	return w
}

// notes asks the running workflow what it has heard.
func notes(t *testing.T, c client.Client, id string) []string {
	t.Helper()
	value, err := c.QueryWorkflow(testContext(t), id, "", "notes")
	require.NoError(t, err)
	var heard []string
	require.NoError(t, value.Get(&heard))
	return heard
}

// However the server ends, the next one on the same file has every workflow,
// its signals and its timer, even those that nobody worked on in between.
func TestFileSurvives(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*testing.T, *process){
		"orderly stop": func(t *testing.T, p *process) { require.NoError(t, p.stop(t, syscall.SIGTERM)) },
		"kill -9":      func(t *testing.T, p *process) { p.kill(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "temporal-1.32.1.db")
			first := startServer(t, "--headless", "--db-filename", file)
			c := first.dial(t, defaultNamespace)
			w := startWorker(t, c)
			opts := client.StartWorkflowOptions{ID: "book", TaskQueue: taskQueue}
			_, err := c.ExecuteWorkflow(testContext(t), opts, "notebook", 8*time.Second)
			require.NoError(t, err)
			require.NoError(t, c.SignalWorkflow(testContext(t), "book", "", noteSignal, "one"))
			require.Equal(t, []string{"one"}, notes(t, c, "book"))
			w.Stop()
			require.NoError(t, c.SignalWorkflow(testContext(t), "book", "", noteSignal, "two"))
			end(t, first)

			second := startServer(t, "--headless", "--db-filename", file)
			c = second.dial(t, defaultNamespace)
			w = startWorker(t, c)
			defer w.Stop()
			var heard []string
			require.NoError(t, c.GetWorkflow(testContext(t), "book", "").Get(testContext(t), &heard))
			require.Equal(t, []string{"one", "two"}, heard)
			require.Empty(t, second.stderr.String(), "a quiet start on an old file")
		})
	}
}

// A server that is killed again and again in the middle of work keeps all that
// it confirmed.
func TestKilledAgainAndAgain(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "t.db")
	var confirmed []string
	for round := range 4 {
		p := startServer(t, "--headless", "--db-filename", file)
		c := p.dial(t, defaultNamespace)
		if round == 0 {
			_, err := c.ExecuteWorkflow(testContext(t), client.StartWorkflowOptions{ID: "book", TaskQueue: taskQueue}, "notebook", time.Hour)
			require.NoError(t, err)
		}
		w := startWorker(t, c)
		for i := range 20 {
			note := strconv.Itoa(round) + "." + strconv.Itoa(i)
			require.NoError(t, c.SignalWorkflow(testContext(t), "book", "", noteSignal, note))
			confirmed = append(confirmed, note)
		}
		p.kill(t)
		w.Stop()
		c.Close()
	}
	p := startServer(t, "--headless", "--db-filename", file)
	c := p.dial(t, defaultNamespace)
	w := startWorker(t, c)
	defer w.Stop()
	require.Equal(t, confirmed, notes(t, c, "book"))
}

func TestNamespaces(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "t.db")
	first := startServer(t, "--headless", "--db-filename", file, "--search-attribute", "TicketNumber=Int")
	c := first.dial(t, defaultNamespace)
	listed, err := c.OperatorService().ListSearchAttributes(testContext(t), &operatorservice.ListSearchAttributesRequest{Namespace: defaultNamespace})
	require.NoError(t, err)
	require.Equal(t, enumspb.INDEXED_VALUE_TYPE_INT, listed.GetCustomAttributes()["TicketNumber"])

	// Closed histories stay a day by default; the product asks for longer.
	month := 30 * 24 * time.Hour
	_, err = c.WorkflowService().UpdateNamespace(testContext(t), &workflowservice.UpdateNamespaceRequest{
		Namespace: defaultNamespace,
		Config:    &namespacepb.NamespaceConfig{WorkflowExecutionRetentionTtl: durationpb.New(month)},
	})
	require.NoError(t, err)
	first.kill(t)

	second := startServer(t, "--headless", "--db-filename", file, "--namespace", "desk", "--namespace", "lab")
	for _, name := range []string{defaultNamespace, "desk", "lab"} {
		c := second.dial(t, name)
		described, err := c.WorkflowService().DescribeNamespace(testContext(t), &workflowservice.DescribeNamespaceRequest{Namespace: name})
		require.NoError(t, err)
		if name == defaultNamespace {
			require.Equal(t, month, described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration())
		}
	}
}

// Attributes registered by a program are there at once, for new executions and
// for searching.
func TestSearchAttributeIsSeenAtOnce(t *testing.T) {
	t.Parallel()
	p := startServer(t, "--headless")
	c := p.dial(t, defaultNamespace)
	_, err := c.OperatorService().AddSearchAttributes(testContext(t), &operatorservice.AddSearchAttributesRequest{
		Namespace:        defaultNamespace,
		SearchAttributes: map[string]enumspb.IndexedValueType{"TicketState": enumspb.INDEXED_VALUE_TYPE_KEYWORD},
	})
	require.NoError(t, err)
	_, err = c.ExecuteWorkflow(testContext(t), client.StartWorkflowOptions{
		ID: "book", TaskQueue: taskQueue,
		TypedSearchAttributes: temporal.NewSearchAttributes(temporal.NewSearchAttributeKeyKeyword("TicketState").ValueSet("open")),
	}, "notebook", time.Hour)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		found, err := c.CountWorkflow(testContext(t), &workflowservice.CountWorkflowExecutionsRequest{Query: `TicketState = "open"`})
		return err == nil && found.GetCount() == 1
	}, 10*time.Second, 20*time.Millisecond)
}

// With the server's own poll rate each of these takes 50 ms when they come one
// after the other. The test measures, so it does not run beside the others.
func TestSignalIsNotHeldBack(t *testing.T) { //nolint:paralleltest // see above
	p := startServer(t, "--headless", "--db-filename", filepath.Join(t.TempDir(), "t.db"))
	c := p.dial(t, defaultNamespace)
	arrived := make(chan struct{}, 1)
	w := worker.New(c, taskQueue, worker.Options{})
	w.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
		for {
			workflow.GetSignalChannel(ctx, noteSignal).Receive(ctx, nil)
			arrived <- struct{}{}
		}
	}, workflow.RegisterOptions{Name: "bell"})
	require.NoError(t, w.Start())
	defer w.Stop()
	_, err := c.ExecuteWorkflow(testContext(t), client.StartWorkflowOptions{ID: "bell", TaskQueue: taskQueue}, "bell")
	require.NoError(t, err)
	took := make([]time.Duration, 60)
	for i := range took {
		start := time.Now()
		require.NoError(t, c.SignalWorkflow(testContext(t), "bell", "", noteSignal, nil))
		select {
		case <-arrived:
		case <-time.After(time.Minute):
			require.Fail(t, "the signal did not arrive")
		}
		took[i] = time.Since(start)
	}
	slices.Sort(took)
	t.Logf("signal to workflow: p50 %s, p95 %s, slowest %s", took[len(took)/2], took[len(took)*95/100], took[len(took)-1])
	require.Less(t, took[len(took)/2], 40*time.Millisecond)
}

// A fortnight passes at once for a workflow that was started to skip time.
func TestTimeSkipping(t *testing.T) {
	t.Parallel()
	p := startServer(t, "--headless")
	c := p.dial(t, defaultNamespace)
	w := startWorker(t, c)
	defer w.Stop()
	input, err := converter.GetDefaultDataConverter().ToPayloads(14 * 24 * time.Hour)
	require.NoError(t, err)
	_, err = c.WorkflowService().StartWorkflowExecution(testContext(t), &workflowservice.StartWorkflowExecutionRequest{
		Namespace: defaultNamespace, WorkflowId: "book", RequestId: "once",
		WorkflowType:       &commonpb.WorkflowType{Name: "notebook"},
		TaskQueue:          &taskqueuepb.TaskQueue{Name: taskQueue},
		Input:              input,
		TimeSkippingConfig: &commonpb.TimeSkippingConfig{Enabled: true},
	})
	require.NoError(t, err)
	require.NoError(t, c.GetWorkflow(testContext(t), "book", "").Get(testContext(t), nil))
}

// The SDK's own starter takes this program for a `temporal` binary.
func TestStandsInForTheCLI(t *testing.T) {
	t.Parallel()
	server, err := testsuite.StartDevServer(testContext(t), testsuite.DevServerOptions{
		ExistingPath:  program(t),
		DBFilename:    filepath.Join(t.TempDir(), "t.db"),
		EnableUI:      true,
		UIPort:        strconv.Itoa(freePort(t)),
		LogLevel:      "error",
		ClientOptions: &client.Options{Namespace: "desk", Logger: quiet{}},
		SearchAttributes: temporal.NewSearchAttributes(
			temporal.NewSearchAttributeKeyInt64("TicketNumber").ValueSet(0)),
		Stdout: io.Discard,
	})
	require.NoError(t, err)
	listed, err := server.Client().OperatorService().ListSearchAttributes(testContext(t), &operatorservice.ListSearchAttributesRequest{Namespace: "desk"})
	require.NoError(t, err)
	require.Equal(t, enumspb.INDEXED_VALUE_TYPE_INT, listed.GetCustomAttributes()["TicketNumber"])
	server.Client().Close()
	require.NoError(t, server.Stop())
}

// Two servers on one file would undo each other's work.
func TestSecondServerOnTheFileIsRefused(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "t.db")
	startServer(t, "--headless", "--db-filename", file)
	code, _, stderr := runOnce(t, startDev("--headless", "--port", strconv.Itoa(freePort(t)), "--db-filename", file)...)
	require.Equal(t, 1, code)
	require.Equal(t, "devserver: --db-filename "+file+": is in use by another process: stop that one or name another file\n", stderr)
}

// Whoever looks at the file while the server runs says so, and may.
func TestFileCanBeSharedForReading(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "t.db")
	startServer(t, "--headless", "--db-filename", file, "--sqlite-pragma", "locking_mode=normal")
	require.Contains(t, tables(t, file), "executions")
}
