package main

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"duradesk/api"
	"duradesk/ticket"
)

// identitySettings say who may come in, how often, and through which proxies.
type identitySettings struct {
	PerToken     float64  `name:"rate-per-token" env:"DURADESK_RATE_PER_TOKEN" default:"1000" help:"Requests a second that each token and session may send to each API process; 0: no limit."`
	TokenBurst   int      `name:"rate-per-token-burst" env:"DURADESK_RATE_PER_TOKEN_BURST" default:"2000" help:"Requests that a token or session may send at once after some quiet."`
	PerAddress   float64  `name:"rate-per-address" env:"DURADESK_RATE_PER_ADDRESS" default:"50" help:"Requests a second from each address that nobody is signed in for (logins, unknown tokens); 0: no limit."`
	AddressBurst int      `name:"rate-per-address-burst" env:"DURADESK_RATE_PER_ADDRESS_BURST" default:"200" help:"The same, at once after some quiet."`
	Proxies      []string `name:"trusted-proxies" env:"DURADESK_TRUSTED_PROXIES" help:"Addresses or networks (10.0.0.0/8), by commas, of proxies whose X-Forwarded-For is believed."`
	FactorRoles  []string `name:"second-factor-roles" env:"DURADESK_SECOND_FACTOR_ROLES" enum:"agent,lead,admin" help:"Roles, by commas, that are let in with a second factor only: agent, lead, admin."`
	Issuer       string   `name:"oidc-issuer" env:"DURADESK_OIDC_ISSUER" help:"Address of the identity provider at which staff may sign in (OpenID Connect)."`
	ClientID     string   `name:"oidc-client-id" env:"DURADESK_OIDC_CLIENT_ID" help:"What the desk is called there."`
	ClientSecret string   `name:"oidc-client-secret" env:"DURADESK_OIDC_CLIENT_SECRET" help:"Its secret there."`
	ProviderName string   `name:"oidc-name" env:"DURADESK_OIDC_NAME" help:"What people read on the button."`
	GroupsClaim  string   `name:"oidc-groups-claim" env:"DURADESK_OIDC_GROUPS_CLAIM" default:"groups" help:"Claim of the ID token that lists groups."`
	GroupRoles   []string `name:"oidc-roles" env:"DURADESK_OIDC_ROLES" help:"group=role, by commas: the highest role of his groups is an agent's; who is in none of them is not let in."`
}

// oidc reads the settings of the identity provider.
func (s identitySettings) oidc() (api.OIDC, error) {
	out := api.OIDC{
		Issuer: s.Issuer, ClientID: s.ClientID, ClientSecret: ticket.Secret(s.ClientSecret), Name: s.ProviderName, Groups: s.GroupsClaim, Roles: map[string]ticket.Role{},
	}
	if s.Issuer != "" && s.ClientID == "" {
		return out, errors.New("DURADESK_OIDC_CLIENT_ID: needed with DURADESK_OIDC_ISSUER")
	}
	for _, pair := range s.GroupRoles {
		group, name, found := strings.Cut(pair, "=")
		role, err := ticket.ParseRole(name)
		if !found || group == "" || err != nil || role == ticket.NoRole {
			return out, fmt.Errorf("DURADESK_OIDC_ROLES: %q is not group=role with a role agent, lead or admin", pair)
		}
		out.Roles[group] = role
	}
	return out, nil
}

// apply puts the settings into the door's options.
func (s identitySettings) apply(o *api.Options) error {
	o.PerToken, o.PerAddress = api.Rate{PerSecond: s.PerToken, Burst: s.TokenBurst}, api.Rate{PerSecond: s.PerAddress, Burst: s.AddressBurst}
	for _, p := range s.Proxies {
		if _, err := netip.ParsePrefix(p); err == nil {
			continue
		}
		if _, err := netip.ParseAddr(p); err != nil {
			return fmt.Errorf("DURADESK_TRUSTED_PROXIES: %q is no address and no network such as 10.0.0.0/8", p)
		}
	}
	o.Proxies = s.Proxies
	var err error
	if o.OIDC, err = s.oidc(); err != nil {
		return err
	}
	for _, name := range s.FactorRoles {
		role, err := ticket.ParseRole(name)
		if err != nil {
			return fmt.Errorf("DURADESK_SECOND_FACTOR_ROLES: %w", err)
		}
		o.FactorRoles = append(o.FactorRoles, role)
	}
	return nil
}
