package replay

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"
)

var updateStories = flag.Bool("update-stories", false, "rewrite the files of TestHistoriesTellStories in testdata/stories from the histories")

const storyFiles = "../testdata/stories"

// stories are what an operator reads most often.
var stories = []string{"fortnight", "breach", "hold-and-wake", "spam-and-restore", "retention", "escalate", "by-hand", "cancelled", "cancel-refused", "delivery"}

// TestHistoriesTellStories compares what Temporal's Web UI shows of ten tickets, one event per line with its summary, with
// what was agreed on: an event more is noise that a person would have to read past. The histories are those of the corpus,
// so that nothing depends on how fast a machine is; a change of the clockwork that adds events does not replay them
// (TestEveryHistoryReplays) and has them played anew, and then the difference is seen here. Workflow tasks are left out.
// Rewrite the files with -update-stories and read the difference.
func TestHistoriesTellStories(t *testing.T) {
	t.Parallel()
	kept, err := filepath.Glob(filepath.Join(storyFiles, "*.txt"))
	require.NoError(t, err)
	require.Len(t, kept, len(stories), "a file without a story, or a story without a file")
	for _, name := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var told bytes.Buffer
			tell(&told, load(t, filepath.Join(corpus, name+".json")))
			file := filepath.Join(storyFiles, name+".txt")
			if *updateStories {
				require.NoError(t, os.WriteFile(file, told.Bytes(), 0o644))
				return
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, string(want), told.String(), "the history of this story reads otherwise: noise, or an improvement?")
		})
	}
}

// tell writes a history as a person reads it.
func tell(to *bytes.Buffer, events []*historypb.HistoryEvent) {
	timers := map[string]string{}
	for _, e := range events {
		kind := strings.TrimPrefix(e.GetEventType().String(), "EVENT_TYPE_")
		says := plain(e.GetUserMetadata().GetSummary())
		switch e.GetEventType() {
		case enumspb.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED, enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
			enumspb.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT, enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED:
			continue
		case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
			says = e.GetWorkflowExecutionSignaledEventAttributes().GetSignalName()
		case enumspb.EVENT_TYPE_TIMER_STARTED:
			timers[e.GetTimerStartedEventAttributes().GetTimerId()] = says
		case enumspb.EVENT_TYPE_TIMER_FIRED:
			says = timers[e.GetTimerFiredEventAttributes().GetTimerId()]
		case enumspb.EVENT_TYPE_TIMER_CANCELED:
			says = timers[e.GetTimerCanceledEventAttributes().GetTimerId()]
		}
		fmt.Fprintln(to, strings.TrimSpace(kind+"  "+sameEachTime(says)))
	}
}

// plain is the text of a summary, in quotes where it has what no reader wants.
func plain(p *commonpb.Payload) string {
	var s string
	if p == nil {
		return ""
	}
	if err := converter.GetDefaultDataConverter().FromPayload(p, &s); err != nil {
		return "unreadable: " + err.Error()
	}
	if strings.ContainsAny(s, "\n\t") {
		return strconv.Quote(s)
	}
	return s
}

var (
	instants = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ`)
	uuids    = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
)

// sameEachTime leaves out what is another at each play.
func sameEachTime(s string) string {
	return uuids.ReplaceAllString(instants.ReplaceAllString(s, "‹instant›"), "‹id›")
}
