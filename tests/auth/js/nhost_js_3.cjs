// The same through @nhost/nhost-js 3, which keeps its state in a machine and reports errors instead of throwing them.
const assert = require('node:assert/strict')
const { createRequire } = require('node:module')

const [base, packages] = process.argv.slice(2)
const { NhostClient } = createRequire(`${packages}/`)('@nhost/nhost-js')
const email = 'eve@example.com'

async function main() {
  const nhost = new NhostClient({ authUrl: base, storageUrl: base, graphqlUrl: base, functionsUrl: base, start: true })
  const signedUp = await nhost.auth.signUp({ email, password: 'correct horse', options: { displayName: 'Eve' } })
  assert.equal(signedUp.error, null)
  assert.equal(signedUp.session.user.displayName, 'Eve')
  assert.equal(nhost.auth.isAuthenticated(), true)

  const before = nhost.auth.getAccessToken()
  const refreshed = await nhost.auth.refreshSession()
  assert.equal(refreshed.error, null)
  assert.ok(before && refreshed.session.refreshToken !== signedUp.session.refreshToken)
  const user = nhost.auth.getUser()
  assert.equal(user.email, email)

  assert.equal((await nhost.auth.changePassword({ newPassword: 'battery staple' })).error, null)
  assert.equal((await nhost.auth.signOut()).error, null)
  assert.equal(nhost.auth.isAuthenticated(), false)

  const wrong = await nhost.auth.signIn({ email, password: 'correct horse' })
  assert.deepEqual([wrong.error.status, wrong.error.error], [401, 'invalid-email-password'])
  const signedIn = await nhost.auth.signIn({ email, password: 'battery staple' })
  assert.equal(signedIn.error, null)
  assert.equal((await nhost.auth.resetPassword({ email })).error, null)
  assert.equal((await nhost.auth.signOut({ all: true })).error, null)

  const guest = await nhost.auth.signIn()
  assert.equal(guest.error, null)
  assert.equal(guest.session.user.isAnonymous, true)
  console.log(JSON.stringify({ user, guest: guest.session.user }))
  process.exit(0)
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
