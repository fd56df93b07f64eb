package replay

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"google.golang.org/protobuf/proto"
)

// The corpus is regenerated only on purpose: a change of the clockwork that cannot replay it would break every ticket
// that is open when it is deployed.
var update = flag.Bool("update-histories", false, "play every path again, or those that -run names, and rewrite their files in testdata/histories")

const corpus = "../testdata/histories"

func TestUpdateHistories(t *testing.T) {
	t.Parallel()
	if !*update {
		require.NotEmpty(t, files(t), "run with -update-histories")
		return
	}
	require.NoError(t, os.MkdirAll(corpus, 0o755))
	for _, p := range everyPath() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.keep(p, p.play(s))
		})
	}
}

// keep writes every run of a workflow's chain.
func (s *site) keep(p path, id string) {
	s.t.Helper()
	for _, f := range filesOf(s.t, p) {
		require.NoError(s.t, os.Remove(f))
	}
	runs := s.runs(id)
	for i, events := range runs {
		discreet(s.t, events)
		raw, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(&historypb.History{Events: events})
		require.NoError(s.t, err)
		name := p.name
		if len(runs) > 1 {
			name = fmt.Sprintf("%s.%d", p.name, i+1)
		}
		require.NoError(s.t, os.WriteFile(filepath.Join(corpus, name+".json"), append(raw, '\n'), 0o644))
	}
}

// files are those of the corpus.
func files(t testing.TB) []string {
	t.Helper()
	out, err := filepath.Glob(filepath.Join(corpus, "*.json"))
	require.NoError(t, err)
	return out
}

// filesOf are those of a path, in the order of its runs.
func filesOf(t testing.TB, p path) []string {
	t.Helper()
	var out []string
	for _, f := range files(t) {
		rest, ok := strings.CutPrefix(strings.TrimSuffix(filepath.Base(f), ".json"), p.name)
		if ok && (rest == "" || ofRun.MatchString(rest)) {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	return out
}

var ofRun = regexp.MustCompile(`^\.[0-9]+$`)

func load(t testing.TB, file string) []*historypb.HistoryEvent {
	t.Helper()
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	var h historypb.History
	require.NoError(t, temporalproto.CustomJSONUnmarshalOptions{DiscardUnknown: true}.Unmarshal(raw, &h))
	return h.GetEvents()
}

// discreet requires that nothing about anybody stands in a history (PRODUCT rule 8): no name, no address, no word of
// a client or an agent, nothing of the machine that it was recorded on.
func discreet(t testing.TB, events []*historypb.HistoryEvent) {
	t.Helper()
	host, err := os.Hostname()
	require.NoError(t, err)
	for _, e := range events {
		raw, err := proto.Marshal(e)
		require.NoError(t, err)
		for _, word := range []string{"yamada", "taro", "client.example", "plaintext", "subject", "@" + host + "@"} {
			require.False(t, bytes.Contains(bytes.ToLower(raw), []byte(word)), "%q in event %d, %s", word, e.GetEventId(), e.GetEventType())
		}
	}
}

func TestTheCorpusHoldsEveryPath(t *testing.T) {
	t.Parallel()
	strangers := map[string]bool{}
	for _, f := range files(t) {
		strangers[f] = true
	}
	for _, p := range everyPath() {
		var runs [][]*historypb.HistoryEvent
		for _, f := range filesOf(t, p) {
			delete(strangers, f)
			runs = append(runs, load(t, f))
		}
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			require.NotEmpty(t, runs)
			have := map[enumspb.EventType]bool{}
			for _, events := range runs {
				discreet(t, events)
				for _, e := range events {
					have[e.GetEventType()] = true
				}
			}
			for _, want := range p.has {
				require.True(t, have[want], "%s has no %s any more", p.name, want)
			}
			require.Empty(t, p.lacks(runs), "%s does not show it", p.name)
		})
	}
	require.Empty(t, strangers, "no path is kept in them")
}

// cuts are the events after which a history may end: where a workflow task is completed and all that it commanded is
// written.
func cuts(events []*historypb.HistoryEvent) []int64 {
	var out []int64
	for i, e := range events {
		if e.GetEventType() != enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			continue
		}
		last := e.GetEventId()
		for _, next := range events[i+1:] {
			if commandedBy(next) != e.GetEventId() {
				break
			}
			last = next.GetEventId()
		}
		out = append(out, last)
	}
	return out
}

// commandedBy is the workflow task that an event comes from, 0 where none.
func commandedBy(e *historypb.HistoryEvent) int64 {
	attributes := reflect.ValueOf(e.GetAttributes())
	if !attributes.IsValid() {
		return 0
	}
	inner, ok := attributes.Elem().Field(0).Interface().(interface{ GetWorkflowTaskCompletedEventId() int64 })
	if !ok {
		return 0
	}
	return inner.GetWorkflowTaskCompletedEventId()
}
