package e2e

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
)

// Mails and commands come down on one ticket at once, again and again while its workflow continues as new; one mail has a
// subject of 2 MB, one an attachment of nothing but zeros. Nothing is lost, nothing is there twice, all is in order. With
// DURADESK_SOAK=1 (make soak) it is 500 mails and 10,000 commands.
func TestFloodOnOneTicket(t *testing.T) {
	t.Parallel()
	mails, commands := 12, 60
	if os.Getenv("DURADESK_SOAK") != "" {
		mails, commands = 500, 10_000
	}
	const client = "flood@client.example"
	d := startDeskWith(t, []string{"DURADESK_CONTINUE_AFTER=40"})
	admin := d.admin()
	d.send(letter{from: client, subject: "Flooded", body: "The first."})
	number := admin.awaitTitle("Flooded").Number
	first := d.awaitMail(client, 1)

	var all sync.WaitGroup
	for k := range 4 {
		all.Go(func() {
			for i := k; i < mails; i += 4 {
				l := first.reply(letter{from: client, body: fmt.Sprintf("Reply %d.", i)})
				switch i {
				case 7:
					l.subject, l.header = "", "Subject: Re: "+strings.Repeat("all of it\r\n ", 2<<20/12)+"end\r\n"
				case 8:
					l.body, l.kind = strings.Repeat("\x00", 8<<20), "application/zip"
				}
				raw, _ := l.bytes()
				if err := d.trySend(l, raw); err != nil {
					t.Errorf("hand over mail %d: %v", i, err)
				}
			}
		})
		all.Go(func() {
			for i := k; i < commands; i += 4 {
				r, err := admin.try(t.Context(), http.MethodPost, ticketPath(number)+"/note", object{"id": "flood-" + strconv.Itoa(i), "message": says("Note " + strconv.Itoa(i))})
				if err != nil || r.status != http.StatusOK && r.status != http.StatusAccepted {
					t.Errorf("note %d: %v %v", i, r, err)
				}
			}
		})
	}
	all.Wait()
	pool := d.record()
	d.settle(pool, 3*patience)
	require.Equal(t, 1+mails, count(d, pool, `select count(*) from messages where ticket = $1 and applied and by_kind = 'client' and not note`, number))
	require.Equal(t, commands, count(d, pool, `select count(*) from messages where ticket = $1 and applied and note`, number))
	require.Equal(t, 1+mails+commands, count(d, pool, `select count(*) from commands where ticket = $1 and outcome = 'applied' and name in ('client-reply', 'note', 'create')`, number))
	d.reconcile(pool)

	c := d.temporal()
	runs := 0
	for _, w := range workflows(d, c, fmt.Sprintf(`WorkflowId = "ticket-%d"`, number)) {
		runs++
		require.Contains(t, []enumspb.WorkflowExecutionStatus{enumspb.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING}, w.GetStatus())
	}
	require.Greater(t, runs, 2, "the workflow continued as new under the flood")
}
