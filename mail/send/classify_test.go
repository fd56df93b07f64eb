package send

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		phase    Phase
		code     int
		enhanced string
		text     string
		want     Verdict
	}{
		{PhaseDot, 250, "2.0.0", "queued", Verdict{Accepted, "", false}},
		{PhaseRcpt, 251, "", "will forward", Verdict{Accepted, "", false}},
		// later
		{PhaseRcpt, 450, "4.2.0", "Greylisted, please try again in 300 seconds", Verdict{Temporary, ScopeRecipient, true}},
		{PhaseRcpt, 451, "4.7.1", "Greylisting in action, try again later", Verdict{Temporary, ScopeAccount, true}},
		{PhaseRcpt, 451, "4.3.0", "Local error in processing", Verdict{Temporary, ScopeRecipient, false}},
		{PhaseRcpt, 452, "4.2.2", "Mailbox full", Verdict{Temporary, ScopeRecipient, false}},
		{PhaseDot, 451, "4.3.2", "System not accepting messages", Verdict{Temporary, ScopeMessage, false}},
		{PhaseConnect, 421, "4.7.0", "too many connections", Verdict{Temporary, ScopeAccount, true}},
		{PhaseMail, 421, "", "closing channel", Verdict{Temporary, ScopeAccount, false}},
		{PhaseAuth, 454, "4.7.0", "Temporary authentication failure", Verdict{Temporary, ScopeAccount, false}},
		{PhaseConnect, 554, "", "no SMTP service here", Verdict{Temporary, ScopeAccount, true}},
		// for good, for this recipient
		{PhaseRcpt, 550, "5.1.1", "User unknown", Verdict{Permanent, ScopeRecipient, false}},
		{PhaseRcpt, 550, "", "No such user", Verdict{Permanent, ScopeRecipient, false}},
		{PhaseRcpt, 550, "5.7.1", "Recipient refuses mail from you", Verdict{Permanent, ScopeRecipient, false}},
		{PhaseRcpt, 552, "5.2.2", "mailbox full", Verdict{Permanent, ScopeRecipient, false}},
		{PhaseRcpt, 553, "5.1.3", "bad address", Verdict{Permanent, ScopeRecipient, false}},
		// for good, for this mail
		{PhaseMail, 552, "5.3.4", "Message size exceeds fixed limit", Verdict{Permanent, ScopeMessage, false}},
		{PhaseDot, 552, "", "Message exceeds maximum size", Verdict{Permanent, ScopeMessage, false}},
		{PhaseDot, 554, "5.7.1", "Message contains spam", Verdict{Permanent, ScopeMessage, false}},
		{PhaseMail, 553, "5.1.8", "Sender address rejected", Verdict{Permanent, ScopeAccount, false}},
		// the account: the queue is kept, somebody is told
		{PhaseAuth, 535, "5.7.8", "Authentication credentials invalid", Verdict{Temporary, ScopeAccount, true}},
		{PhaseMail, 530, "5.7.0", "Authentication required", Verdict{Temporary, ScopeAccount, true}},
		{PhaseAuth, 534, "5.7.9", "mechanism too weak", Verdict{Temporary, ScopeAccount, true}},
		{PhaseMail, 550, "5.7.60", "client does not have permissions to send as this sender", Verdict{Temporary, ScopeAccount, true}},
		{PhaseRcpt, 550, "5.7.57", "Client was not authenticated", Verdict{Temporary, ScopeAccount, true}},
		// rate limits come as 550 too
		{PhaseRcpt, 550, "5.4.5", "Daily user sending limit exceeded", Verdict{Temporary, ScopeAccount, true}},
		{PhaseDot, 550, "", "too many messages, try later", Verdict{Temporary, ScopeAccount, true}},
		{PhaseRcpt, 452, "4.5.3", "too many recipients", Verdict{Temporary, ScopeAccount, true}},
		{PhaseDot, 554, "5.4.6", "Too many hops", Verdict{Permanent, ScopeMessage, false}},
		// nonsense
		{PhaseRcpt, 354, "", "go on", Verdict{Temporary, ScopeLink, false}},
		{PhaseRcpt, 999, "", "", Verdict{Temporary, ScopeLink, false}},
	} {
		require.Equal(t, c.want, Classify(c.phase, c.code, c.enhanced, c.text), "%s %d %s %s", c.phase, c.code, c.enhanced, c.text)
	}
}

func TestLost(t *testing.T) {
	t.Parallel()
	for _, phase := range []Phase{PhaseConnect, PhaseAuth, PhaseMail, PhaseRcpt, PhaseData} {
		require.Equal(t, Temporary, lost(phase).Outcome, phase)
	}
	require.Equal(t, Uncertain, lost(PhaseDot).Outcome)
}
