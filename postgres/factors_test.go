package postgres

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

func TestOneTimeLinks(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	ctx := t.Context()
	exec(t, s, `insert into clients (id, name, access) values ('c_1', 'Yamada', 'portal'), ('c_2', 'Kato', 'none')`)
	add := func(l Link, secret string) {
		l.CreatedAt, l.ExpiresAt = noon, noon.Add(15*time.Minute)
		require.NoError(t, s.AddLink(ctx, l, sum(secret)))
	}
	add(Link{Purpose: "sign_in", Client: "c_1"}, "one")
	add(Link{Purpose: "sign_in", Client: "c_2"}, "two")
	add(Link{Purpose: "password", Agent: "sato"}, "three")
	add(Link{Purpose: "password", Agent: "sato"}, "four")
	use := func(purpose, secret string, now time.Time) ticket.Code {
		_, err := s.UseLink(ctx, purpose, sum(secret), now)
		return code(err)
	}
	require.Equal(t, ticket.NotFound, use("password", "one", noon), "for something else")
	require.Equal(t, ticket.NotFound, use("sign_in", "two", noon), "without access")
	require.Equal(t, ticket.NotFound, use("sign_in", "none", noon))
	require.Equal(t, ticket.NotFound, use("password", "four", noon.Add(15*time.Minute)), "too late")
	h, err := s.UseLink(ctx, "password", sum("three"), noon)
	require.NoError(t, err)
	require.Equal(t, "sato", h.Person.Key)

	var worked atomic.Int64
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if h, err := s.UseLink(ctx, "sign_in", sum("one"), noon); err == nil && h.Client.ID == "c_1" {
				worked.Add(1)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, worked.Load(), "whoever comes first")
	require.NoError(t, s.AddLink(ctx, Link{Purpose: "password", Agent: "sato", CreatedAt: noon.Add(48 * time.Hour), ExpiresAt: noon.Add(49 * time.Hour)}, sum("five")))
	var left int
	require.NoError(t, s.pool.QueryRow(ctx, `select count(*) from one_time_links`).Scan(&left))
	require.Equal(t, 1, left, "what ended long ago is swept out")
}

func TestSecondFactors(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	ctx := t.Context()
	f, err := s.Factor(ctx, "sato")
	require.NoError(t, err)
	require.Equal(t, Factor{}, f)
	require.NoError(t, s.BeginFactor(ctx, "sato", "SEED"))
	require.NoError(t, s.BeginFactor(ctx, "sato", "SEED2"))
	var kept []byte
	require.NoError(t, s.pool.QueryRow(ctx, `select totp_secret from agents where key = 'sato'`).Scan(&kept))
	require.NotContains(t, string(kept), "SEED")
	c, err := s.Credentials(ctx, "sato")
	require.NoError(t, err)
	require.False(t, c.Factor, "not confirmed yet")
	require.NoError(t, s.ConfirmFactor(ctx, "sato", 100, [][]byte{sum("a"), sum("b")}, "", noon))
	require.Equal(t, ticket.Conflict, code(s.ConfirmFactor(ctx, "sato", 100, nil, "", noon)))
	require.Equal(t, ticket.Conflict, code(s.BeginFactor(ctx, "sato", "SEED3")))
	f, err = s.Factor(ctx, "sato")
	require.NoError(t, err)
	require.Equal(t, Factor{Secret: "SEED2", Since: &noon, Codes: 2}, f)
	c, err = s.Credentials(ctx, "sato")
	require.NoError(t, err)
	require.True(t, c.Factor)
	_, err = s.sealer.Open(kept, factorContext("lead"))
	require.Error(t, err, "a seed moved to somebody else does not open")

	for _, try := range []struct {
		step int64
		want bool
	}{{99, false}, {100, false}, {101, true}, {101, false}} {
		fresh, err := s.UseStep(ctx, "sato", try.step)
		require.NoError(t, err)
		require.Equal(t, try.want, fresh, try)
	}
	for _, try := range []struct {
		code string
		want bool
	}{{"a", true}, {"a", false}, {"x", false}} {
		right, err := s.UseRecoveryCode(ctx, "sato", sum(try.code), noon)
		require.NoError(t, err)
		require.Equal(t, try.want, right, try)
	}
	right, err := s.UseRecoveryCode(ctx, "lead", sum("b"), noon)
	require.NoError(t, err)
	require.False(t, right)
	require.NoError(t, s.RenewCodes(ctx, "sato", [][]byte{sum("c"), sum("d"), sum("e")}))
	f, err = s.Factor(ctx, "sato")
	require.NoError(t, err)
	require.Equal(t, 3, f.Codes)
	require.NoError(t, s.DropFactor(ctx, "sato"))
	f, err = s.Factor(ctx, "sato")
	require.NoError(t, err)
	require.Equal(t, Factor{}, f)
	require.NoError(t, s.BeginFactor(ctx, "sato", "SEED4"))
	require.Equal(t, ticket.NotFound, code(s.DropFactor(ctx, "ghost")))
	require.Equal(t, ticket.NotFound, code(only(s.Factor(ctx, "ghost"))))
}

func TestFlowsAndAccountsElsewhere(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	ctx := t.Context()
	flow := Flow{Nonce: "n", Verifier: "v", BackTo: "/tickets/1042", ExpiresAt: noon.Add(10 * time.Minute)}
	require.NoError(t, s.AddFlow(ctx, flow, sum("state"), noon))
	require.Equal(t, ticket.NotFound, code(only(s.TakeFlow(ctx, sum("other"), noon))))
	taken, err := s.TakeFlow(ctx, sum("state"), noon)
	require.NoError(t, err)
	require.Equal(t, flow, taken)
	require.Equal(t, ticket.NotFound, code(only(s.TakeFlow(ctx, sum("state"), noon))), "once")
	require.NoError(t, s.AddFlow(ctx, flow, sum("late"), noon))
	require.Equal(t, ticket.NotFound, code(only(s.TakeFlow(ctx, sum("late"), flow.ExpiresAt))))
	require.NoError(t, s.AddFlow(ctx, flow, sum("next"), flow.ExpiresAt.Add(time.Second)))
	var left int
	require.NoError(t, s.pool.QueryRow(ctx, `select count(*) from oidc_flows`).Scan(&left))
	require.Equal(t, 1, left, "those that never came back are swept out")

	require.Equal(t, ticket.NotFound, code(only(s.OIDCAccount(ctx, "https://id.example", "1"))))
	require.NoError(t, s.LinkOIDC(ctx, "https://id.example", "1", "sato", noon))
	require.Equal(t, ticket.Conflict, code(s.LinkOIDC(ctx, "https://id.example", "1", "lead", noon)))
	agent, err := s.OIDCAccount(ctx, "https://id.example", "1")
	require.NoError(t, err)
	require.Equal(t, "sato", agent)
	require.Equal(t, ticket.NotFound, code(only(s.OIDCAccount(ctx, "https://other.example", "1"))))
	exec(t, s, `update agents set disabled_at = now() where key = 'sato'`)
	require.Equal(t, ticket.NotFound, code(only(s.OIDCAccount(ctx, "https://id.example", "1"))))
}
