"""One file per service of the stack: Project -> ServiceSpec. No compose, nginx, supervisor or Kubernetes words here.

A module of this folder exposes `SERVICE`; nothing else registers it. Plugins join by entry points of group
`nself.services`.
"""
