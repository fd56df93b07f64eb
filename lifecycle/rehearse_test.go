package lifecycle

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"duradesk/ticket"
)

// TestRecordedTicketsAreAnsweredAsTheyWere asks this build's rules all that real tickets asked (`duradesk ticket export`
// writes the files): a change that would have answered one of them otherwise is seen here. Where that is what is wanted,
// -update takes the file out: what was answered then says nothing any more.
func TestRecordedTicketsAreAnsweredAsTheyWere(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/recorded/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(file)
			require.NoError(t, err)
			var r Recorded
			require.NoError(t, json.Unmarshal(raw, &r))
			require.NotEmpty(t, r.Steps)
			found, err := Rehearse(r)
			require.NoError(t, err)
			if *update && len(found) > 0 {
				require.NoError(t, os.Remove(file))
				return
			}
			require.Empty(t, found)
		})
	}
}

// TestALifeIsRehearsedWithoutADifference: whatever happened to a ticket, the same rules answer it as they did, from its
// JSON too, and where nobody can be known again.
func TestALifeIsRehearsedWithoutADifference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		life := lived(r)
		raw, err := json.Marshal(life)
		require.NoError(r, err)
		var read Recorded
		require.NoError(r, json.Unmarshal(raw, &read))
		found, err := Rehearse(read)
		require.NoError(r, err)
		require.Empty(r, found)
		unknown := read.Anonymous()
		found, err = Rehearse(unknown)
		require.NoError(r, err)
		require.Empty(r, found, "anonymous")
		raw, err = json.Marshal(unknown)
		require.NoError(r, err)
		for _, secret := range []string{"secret", anAgent.ID, aLead.ID, aClient.ID, life.Opening.Ticket} {
			require.NotContains(r, string(raw), `"`+secret+`"`)
		}
	})
}

// lived is a random life of a ticket, kept as the record keeps it: the facts that the store adds are not in it.
func lived(r *rapid.T) Recorded {
	table, _ := ByName(rapid.SampledFrom([]string{"inquiry", "issue", "incident"}).Draw(r, "process"))
	policy := RoundTheClock(ticket.DefaultSettings())
	out := Recorded{Process: table.Name, Settings: policy.Settings, Opening: ticket.Process{
		Number: 1042, Ticket: "0198c2a1-7c1e-7b7a-9d3e-2f1a5b6c7d8e", Desk: "secret", State: ticket.New, Tier: 1, Priority: ticket.Normal, Channel: ticket.ChannelMail, Policy: 1,
	}}
	p, now := out.Opening, dayOne
	for seq := range rapid.IntRange(1, 25).Draw(r, "commands") {
		now = now.Add(time.Duration(rapid.Int64Range(0, int64(48*time.Hour)).Draw(r, "later")))
		c := rapid.SampledFrom(trials(p, now, nil)).Draw(r, "trial").c
		if c.Kind == ticket.Withdraw {
			continue // its facts come from the messages before it: tried where the store is
		}
		c.Seq, c.At = int64(seq+1), now
		d := table.Apply(p, c, policy)
		step := Step{Command: forgotten(c), Answer: d.Answer, Reason: d.Reason}
		if d.Process.Revision != p.Revision {
			after := clone(d.Process)
			step.After = &after
		}
		out.Steps = append(out.Steps, step)
		p = d.Process
	}
	return out
}

// forgotten takes what the record does not keep out of a command, and plants words.
func forgotten(c ticket.Command) ticket.Command {
	switch p := c.Params; {
	case p.Merge != nil:
		c.Params.Merge = &ticket.MergeParams{Into: p.Merge.Into}
	case p.Split != nil:
		c.Params.Split = &ticket.SplitParams{Message: p.Split.Message}
	case p.Move != nil:
		c.Params.Move = &ticket.MoveParams{Message: p.Move.Message, Into: p.Move.Into}
	case p.Promise != nil:
		c.Params.Promise = &ticket.PromiseParams{DueAt: p.Promise.DueAt, Text: "secret"}
	case p.Resolve != nil && p.Resolve.Solution != "":
		c.Params.Resolve = &ticket.ResolveParams{Category: p.Resolve.Category, Recalled: p.Resolve.Recalled, Solution: "secret"}
	}
	return c
}

// TestAChangedRuleIsSeenInWhatWasRecorded, once, at the command that it answers otherwise, with what leads to it.
func TestAChangedRuleIsSeenInWhatWasRecorded(t *testing.T) {
	t.Parallel()
	policy := RoundTheClock(ticket.DefaultSettings())
	open := ticket.Process{Number: 1042, Desk: "support", State: ticket.New, Tier: 1, Priority: ticket.Normal, Policy: 1}
	first := writes(ticket.ClientReply, aClient, dayOne)
	first.Seq = 1
	opened := Inquiry.Apply(open, first, policy).Process
	close := bare(ticket.Close, aLead, dayOne.Add(time.Hour))
	close.Seq = 2
	closed := Inquiry.Apply(opened, close, policy).Process
	record := Recorded{Process: "inquiry", Settings: policy.Settings, Opening: open, Steps: []Step{
		{Command: first, Answer: ticket.Applied, After: &opened}, {Command: close, Answer: ticket.Applied, After: &closed},
	}}
	found, err := Rehearse(record)
	require.NoError(t, err)
	require.Empty(t, found)

	other := closed
	other.Owner = "somebody"
	record.Steps[1].After = &other
	found, err = Rehearse(record)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, "ticket 1042, command 2 (close, "+close.At.UTC().Format(time.RFC3339)+"): owner was somebody and would be empty, by new/close", found[0].String())

	record.Steps[1] = Step{Command: close, Answer: ticket.Refused, Reason: "exists"}
	found, err = Rehearse(record)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, []string{"the answer", "refused exists", "applied"}, []string{found[0].What, found[0].Was, found[0].Would})

	record.Settings.FirstResponse = ticket.Same(time.Hour)
	found, err = Rehearse(record)
	require.NoError(t, err)
	require.NotEmpty(t, found)
	require.Equal(t, "clock first_response", found[0].What, "another target: another deadline")

	record.Process = "unheard of"
	_, err = Rehearse(record)
	require.ErrorContains(t, err, "knows no process")
}
