package e2e

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// secrets are what must not be found: what the people of the test wrote, their names, their addresses.
var secrets = []string{planted, "動きません", "山田", "client.example", "elsewhere.example", "staff.example", "Let me in", "What model is it"}

// temporalKnowsNothingPersonal looks through the bytes of every history, of what is described and listed about every
// workflow, and of the server's own files. Payloads stand in them as they are, not encoded, so that bytes are enough;
// the JSON form shows what the Web UI would.
func temporalKnowsNothingPersonal(d *desk) {
	c := d.temporal()
	tickets, bytesSeen := 0, 0
	look := func(what string, m proto.Message) {
		raw, err := proto.Marshal(m)
		require.NoError(d.t, err)
		shown, err := protojson.Marshal(m)
		require.NoError(d.t, err)
		bytesSeen += len(raw)
		requireNoSecret(d, what, raw)
		requireNoSecret(d, what, shown)
		if bytes.Contains(raw, []byte("ticket-")) {
			tickets++
		}
	}
	found := workflows(d, c, "")
	require.Greater(d.t, len(found), 10)
	for _, w := range found {
		look("list", w)
		id, run := w.GetExecution().GetWorkflowId(), w.GetExecution().GetRunId()
		described, err := c.WorkflowService().DescribeWorkflowExecution(d.t.Context(), &workflowservice.DescribeWorkflowExecutionRequest{
			Namespace: d.settings["TEMPORAL_NAMESPACE"], Execution: w.GetExecution(),
		})
		require.NoError(d.t, err)
		look(id, described)
		for _, e := range history(d, c, id, run) {
			look(fmt.Sprintf("event %d of %s", e.GetEventId(), id), e)
		}
	}
	require.Positive(d.t, tickets, "what is looked through is what it should be")
	d.t.Logf("%d workflows, %d bytes", len(found), bytesSeen)

	files, err := filepath.Glob(filepath.Join(d.dir, "temporal", "*.db*"))
	require.NoError(d.t, err)
	require.NotEmpty(d.t, files)
	known := false
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(d.t, err)
		requireNoSecret(d, file, content)
		known = known || bytes.Contains(content, []byte("auto-close"))
	}
	require.True(d.t, known, "the server's files can be read")
}

// logsTellNothingSecret looks through what the parts of the desk have logged, and what `duradesk config` prints with their
// settings, for what people wrote, and for keys and tokens. The mail server plays the outside world: its log is its own.
func logsTellNothingSecret(d *desk, tokens ...string) {
	database, err := url.Parse(d.settings["DURADESK_DATABASE_URL"])
	require.NoError(d.t, err)
	password, _ := database.User.Password()
	hidden := append(slices.Clone(secrets), tokens...)
	for _, secret := range []string{password, d.settings["DURADESK_SECRET_KEY"], d.settings["DURADESK_BOOTSTRAP_TOKEN"], d.settings["DURADESK_ADMIN_PASSWORD"]} {
		require.Greater(d.t, len(secret), 8, "what is looked for is what it should be")
		hidden = append(hidden, secret)
	}
	said := map[string][]byte{"duradesk config": []byte(d.run("config"))}
	for _, part := range []string{partWorker, partAPI, partTemporal, "migrate", "bootstrap"} {
		content, err := os.ReadFile(filepath.Join(d.dir, "log", part+".log"))
		require.NoError(d.t, err)
		said[part] = content
	}
	require.Contains(d.t, string(said[partAPI]), "part=api", "the log can be read")
	for where, content := range said {
		requireNone(d, hidden, where, content)
	}
}

func requireNoSecret(d *desk, where string, content []byte) {
	d.t.Helper()
	requireNone(d, secrets, where, content)
}

func requireNone(d *desk, hidden []string, where string, content []byte) {
	d.t.Helper()
	for _, s := range hidden {
		if i := bytes.Index(content, []byte(s)); i >= 0 {
			require.FailNow(d.t, where+" holds "+s, "…%q…", content[max(0, i-200):min(len(content), i+200)])
		}
	}
}
