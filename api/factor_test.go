package api

import (
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// codeAt is what the authenticator shows.
func codeAt(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, at)
	require.NoError(t, err)
	return code
}

func TestTheLifeOfASecondFactor(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	post := func(cookie, path, body string) reply {
		return call(t, door, "", "POST", "/api/v1"+path, body, "Cookie", cookie)
	}
	cookie, _ := f.signIn(t, door, "sato")
	other, _ := f.signIn(t, door, "sato")
	begun := post(cookie, "/factor", "")
	begun.is(t, 201)
	secret, _ := begun.at("secret").(string)
	url, _ := begun.at("url").(string)
	require.True(t, strings.HasPrefix(url, "otpauth://totp/Duradesk:sato@desk.example?"), url)
	require.Contains(t, url, "secret="+secret)
	_, r := f.signIn(t, door, "sato")
	require.Equal(t, "active", r.at("state"), "it is not asked for yet")
	post(cookie, "/factor/confirm", `{"code":"000000"}`).is(t, 422, "invalid")
	confirmed := post(cookie, "/factor/confirm", `{"code":"`+codeAt(t, secret, f.now)+`"}`)
	confirmed.is(t, 200)
	codes, _ := confirmed.at("codes").([]any)
	require.Len(t, codes, 10)
	require.Regexp(t, `^[a-z2-7]{4}(-[a-z2-7]{4}){3}$`, codes[0])
	for hash := range f.seeds["sato"].codes {
		require.Len(t, hash, 32, "only hashes are kept")
	}
	post(other, "/factor", "").is(t, 401, "unauthorized")
	post(cookie, "/factor", "").is(t, 409, "conflict")
	post(cookie, "/session/factor", `{"code":"000000"}`).is(t, 409, "conflict")

	// From now on a password alone opens nothing.
	owing, r := f.signIn(t, door, "sato")
	require.Equal(t, "second_factor", r.at("state"))
	call(t, door, "", "GET", "/api/v1/session", "", "Cookie", owing).is(t, 200)
	call(t, door, "", "GET", "/api/v1/tickets", "", "Cookie", owing).is(t, 403, "second-factor")
	post(owing, "/factor", "").is(t, 403, "second-factor")
	call(t, door, "", "DELETE", "/api/v1/sessions", "", "Cookie", owing).is(t, 403, "second-factor")
	post(owing, "/session/factor", `{"code":"`+codeAt(t, secret, f.now)+`"}`).is(t, 422, "invalid") // given at the confirmation
	f.now = f.now.Add(30 * time.Second)
	right := post(owing, "/session/factor", `{"code":"`+codeAt(t, secret, f.now.Add(30*time.Second))+`"}`) // his clock is fast
	right.is(t, 201)
	require.Equal(t, "active", right.at("state"))
	require.Equal(t, "password", right.at("via"))
	fresh := right.Cookies()[0].Name + "=" + right.Cookies()[0].Value
	require.NotEqual(t, owing, fresh)
	call(t, door, "", "GET", "/api/v1/session", "", "Cookie", owing).is(t, 401, "unauthorized")
	call(t, door, "", "GET", "/api/v1/tickets", "", "Cookie", fresh).is(t, 200)

	// A recovery code, however it is typed, once.
	first, _ := codes[0].(string)
	owing, _ = f.signIn(t, door, "sato")
	post(owing, "/session/factor", `{"code":"`+strings.ToUpper(strings.ReplaceAll(first, "-", " "))+`"}`).is(t, 201)
	owing, _ = f.signIn(t, door, "sato")
	post(owing, "/session/factor", `{"code":"`+first+`"}`).is(t, 422, "invalid")
	f.wait = time.Minute
	post(owing, "/session/factor", `{"code":"`+first+`"}`).is(t, 429, "too-many-requests")
	f.wait = 0
	require.EqualValues(t, 9, call(t, door, "", "GET", "/api/v1/factor", "", "Cookie", fresh).at("recovery_codes_left"))
	f.now = f.now.Add(time.Minute)
	post(fresh, "/factor/codes", `{"code":"`+codeAt(t, secret, f.now)+`"}`).is(t, 200)
	require.EqualValues(t, 10, call(t, door, "", "GET", "/api/v1/factor", "", "Cookie", fresh).at("recovery_codes_left"))

	post(fresh, "/factor/remove", `{}`).is(t, 422, "invalid")
	post(fresh, "/factor/remove", `{"agent":"lead"}`).is(t, 403, "forbidden")
	f.now = f.now.Add(time.Minute)
	post(fresh, "/factor/remove", `{"code":"`+codeAt(t, secret, f.now)+`"}`).is(t, 204)
	_, r = f.signIn(t, door, "sato")
	require.Equal(t, "active", r.at("state"))
	var actions []string
	for _, e := range f.audit {
		if strings.HasPrefix(e.Action, "factor.") {
			actions = append(actions, e.Action)
		}
	}
	require.Equal(t, []string{"factor.begun", "factor.made", "factor.refused", "factor.refused", "factor.codes", "factor.removed"}, actions)
}

func TestARoleCanNeedASecondFactor(t *testing.T) {
	t.Parallel()
	f := newFake()
	o := f.options()
	o.FactorRoles = []ticket.Role{ticket.RoleLead}
	door := New(o)
	_, r := f.signIn(t, door, "sato")
	require.Equal(t, "active", r.at("state"))
	cookie, r := f.signIn(t, door, "lead")
	require.Equal(t, "enrol", r.at("state"))
	call(t, door, "", "GET", "/api/v1/tickets", "", "Cookie", cookie).is(t, 403, "second-factor")
	require.Equal(t, true, call(t, door, "", "GET", "/api/v1/factor", "", "Cookie", cookie).at("needed"))
	begun := call(t, door, "", "POST", "/api/v1/factor", "", "Cookie", cookie)
	begun.is(t, 201)
	secret, _ := begun.at("secret").(string)
	done := call(t, door, "", "POST", "/api/v1/factor/confirm", `{"code":"`+codeAt(t, secret, f.now)+`"}`, "Cookie", cookie)
	done.is(t, 200)
	fresh := done.Cookies()[0].Name + "=" + done.Cookies()[0].Value
	call(t, door, "", "GET", "/api/v1/tickets", "", "Cookie", fresh).is(t, 200)
	call(t, door, "", "GET", "/api/v1/session", "", "Cookie", cookie).is(t, 401, "unauthorized")
	// Who has lost it: an admin takes it away, and he sets up another.
	call(t, door, bootstrap, "POST", "/api/v1/factor/remove", `{"agent":"lead"}`).is(t, 204)
	_, r = f.signIn(t, door, "lead")
	require.Equal(t, "enrol", r.at("state"))
}

func TestStepsOfACode(t *testing.T) {
	t.Parallel()
	const secret = "JBSWY3DPEHPK3PXP"
	now := time.Unix(1_800_000_000, 0)
	for off, good := range map[int]bool{-2: false, -1: true, 0: true, 1: true, 2: false} {
		at := now.Add(time.Duration(off) * 30 * time.Second)
		step, right := stepOf(secret, codeAt(t, secret, at), now)
		require.Equal(t, good, right, off)
		if good {
			require.Equal(t, at.Unix()/30, step)
		}
	}
	_, right := stepOf("", codeAt(t, secret, now), now)
	require.False(t, right)
	_, right = stepOf("not base32!", "123456", now)
	require.False(t, right)
}
