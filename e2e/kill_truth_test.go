package e2e

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// truth holds everything that is written down anywhere against everything else.
func (c *chaos) truth() {
	c.t.Helper()
	for name, sql := range oddities {
		for _, line := range lines(c.desk, c.pool, sql) {
			c.finds(disagrees, "%s: %s", name, line)
		}
	}
	for _, line := range lines(c.desk, c.pool, `select format('%s: %s events, the last is %s', ticket, count(*), max(n)) from events group by ticket having count(*) <> max(n)`) {
		c.finds(lost, "events of %s", line)
	}
	for _, line := range lines(c.desk, c.pool, `select format('%s %s %s', ticket, seq, name) from commands c
		where outcome = 'applied' and not exists (select from events e where e.ticket = c.ticket and e.command_id = c.id)`) {
		c.finds(lost, "a receipt without its event: %s", line)
	}
	c.everyOrderHasItsReceipt()
	c.everyLetterCameOnce()
	c.everyMailWentOnce()
	c.everyTicketAgrees()
	c.nothingRunsForNothing()
}

// everyOrderHasItsReceipt: one row, and the answer that was given is the answer that stands. Repeated it stays so.
func (c *chaos) everyOrderHasItsReceipt() {
	c.t.Helper()
	outcomes := map[string]int{}
	for i, o := range c.orders {
		if o.answer.status >= 400 && o.answer.status != http.StatusConflict && !c.turnedAway(o) {
			c.finds(disagrees, "%s to %s was answered %s", o.id, o.path, o.answer)
		}
		if o.answer.status >= 400 && o.answer.status != http.StatusConflict {
			outcomes[fmt.Sprintf("%d at the door", o.answer.status)]++
			continue
		}
		rows, err := c.pool.Query(c.t.Context(), `select name || ' ' || outcome from commands where id = $1`, o.id)
		require.NoError(c.t, err)
		found, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(c.t, err)
		switch {
		case len(found) == 0:
			c.finds(lost, "%s (%s) was answered %d and is nowhere", o.id, o.command, o.answer.status)
			continue
		case len(found) > 1:
			c.finds(doubled, "%s: %v", o.id, found)
			continue
		}
		outcome, _ := strings.CutPrefix(found[0], o.command+" ")
		first := o.answer.receipt(c.desk).Outcome
		if o.answer.status == http.StatusConflict {
			first = o.answer.problem(c.desk).Receipt.Outcome
		}
		if outcome == "pending" || o.answer.status != http.StatusAccepted && first != outcome {
			c.finds(disagrees, "%s was answered %d %s, and its receipt says %s", o.id, o.answer.status, first, outcome)
		}
		if i%20 == 0 {
			again := o.by.call(http.MethodPost, o.path, o.body)
			if (outcome == "refused") != (again.status == http.StatusConflict) {
				c.finds(disagrees, "%s, sent again, is answered %s, and was %s", o.id, again, outcome)
			}
		}
		outcomes[fmt.Sprintf("%d then %s", o.answer.status, outcome)]++
	}
	c.t.Logf("answers: %v", outcomes)
}

// turnedAway: a ticket cannot be held until an instant that went by before anybody took the command, and so nobody did.
func (c *chaos) turnedAway(o *order) bool {
	c.t.Helper()
	return o.command == "hold" && o.answer.status == http.StatusUnprocessableEntity && strings.Contains(o.answer.String(), "until") &&
		count(c.desk, c.pool, `select count(*) from commands where id = $1`, o.id) == 0
}

// everyLetterCameOnce: each mail that the server took has one line in the ledger; one of which nobody knows at most one. One at
// which workers died three times lies in the quarantine, unread, and is known by its source.
func (c *chaos) everyLetterCameOnce() {
	c.t.Helper()
	fates := map[string][]string{}
	for _, line := range lines(c.desk, c.pool, `select format('%s %s', btrim(coalesce(l.mail_id, substring(encode(substring(b.data for 4000), 'escape') from 'Message-ID: (<[^>]+>)')), '<>'), l.fate)
		from ledger l left join blobs b on b.hash = l.raw where l.fate <> 'duplicate'`) {
		id, fate, _ := strings.Cut(line, " ")
		fates[id] = append(fates[id], fate)
	}
	unknown, apart := 0, 0
	for _, l := range c.letters {
		got := fates[strings.Trim(l.id, "<>")]
		switch {
		case len(got) > 1:
			c.finds(doubled, "the mail %s came as %v", l.id, got)
		case len(got) == 0 && l.taken:
			c.finds(lost, "the mail %s was taken and never came", l.id)
		case len(got) == 1 && got[0] == "quarantined":
			apart++
		}
		if l.uncertain {
			unknown++
		}
	}
	deaths := 0
	for _, times := range c.happened {
		deaths += times
	}
	if apart > deaths/3 {
		c.finds(disagrees, "%d mails with which nothing is wrong lie in the quarantine after %d deaths", apart, deaths)
	}
	box := len(c.inbox(deskAddress))
	if n := count(c.desk, c.pool, `select count(*) from ledger`); n != box {
		c.finds(disagrees, "%d mails lie in the mailbox, the ledger knows %d", box, n)
	}
	c.t.Logf("%d mails came, of %d their writers do not know; %d lie in the quarantine, at which workers died", len(fates), unknown, apart)
}

// everyMailWentOnce: what is called accepted lies with whom it is for once; what is uncertain at most once; nothing lies
// there that nobody sent.
func (c *chaos) everyMailWentOnce() {
	c.t.Helper()
	ends := map[string]int{}
	sent := map[string]bool{}
	boxes := map[string]map[string]int{}
	for _, line := range lines(c.desk, c.pool, `select format('%s %s %s %s', r.address, btrim(d.mail_id, '<>'), r.state, d.ticket)
		from deliveries d join recipients r on r.delivery = d.id where d.channel is null`) {
		var address, id, state, number string
		_, err := fmt.Sscan(line, &address, &id, &state, &number)
		require.NoError(c.t, err, line)
		if boxes[address] == nil {
			boxes[address] = c.box(address)
		}
		sent[address+" "+id] = true
		ends[state]++
		switch times := boxes[address][id]; {
		case times > 1:
			c.finds(doubled, "mail %s of ticket %s to %s went %d times", id, number, address, times)
		case state == "accepted" && times == 0:
			c.finds(lost, "mail %s of ticket %s to %s is called accepted and is not there", id, number, address)
		case state != "accepted" && state != "uncertain":
			c.finds(leftOver, "mail %s of ticket %s to %s is %s", id, number, address, state)
		}
	}
	for address, ids := range boxes {
		for id := range ids {
			if !sent[address+" "+id] {
				c.finds(disagrees, "nobody sent the mail %s that %s has", id, address)
			}
		}
	}
	c.t.Logf("mails went: %v", ends)
}

// box counts what lies with somebody, by Message-ID.
func (c *chaos) box(address string) map[string]int {
	c.t.Helper()
	ids := map[string]int{}
	for _, m := range c.inbox(address) {
		ids[strings.Trim(m.header("Message-Id"), "<>")]++
	}
	return ids
}

// nothingRunsForNothing: a workflow for each ticket that is not over, and no other ticket's; no delivery's.
func (c *chaos) nothingRunsForNothing() {
	c.t.Helper()
	tc := c.temporal()
	live := map[string]bool{}
	for _, n := range lines(c.desk, c.pool, `select number::text from tickets where state not in ('closed', 'merged', 'deleted')`) {
		live["ticket-"+n] = true
	}
	var strange []string
	eventuallyOr(patience, func() bool { // what a client lists lags behind what happened
		strange = nil
		waits := map[string]bool{}
		for _, w := range workflows(c.desk, tc, "ExecutionStatus = 'Running'") {
			switch id := w.GetExecution().GetWorkflowId(); w.GetType().GetName() {
			case "Ticket":
				waits[id] = true
				if !live[id] {
					strange = append(strange, id+" runs for a ticket that is over")
				}
			case "Delivery":
				strange = append(strange, id+" runs, and every mail has its end")
			}
		}
		for id := range live {
			if !waits[id] {
				strange = append(strange, id+" does not run")
			}
		}
		return len(strange) == 0
	})
	for _, s := range strange {
		c.finds(leftOver, "%s", s)
	}
}
