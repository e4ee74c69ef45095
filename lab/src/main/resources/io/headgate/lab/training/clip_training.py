def lin(self: __torch__.Model,
  x: Tensor,
  w: Tensor,
  b: Tensor,
  half: bool) -> Tensor:
  if half:
    y = torch.linear(torch.to(x, 15), torch.to(w, 15), torch.to(b, 15))
  else:
    y = torch.linear(x, w, b)
  return y
def tower(self: __torch__.Model,
  x: Tensor,
  p: List[Tensor],
  o: int,
  layers: int,
  heads: int,
  causal: bool,
  half: bool) -> Tensor:
  B = torch.size(x, 0)
  N = torch.size(x, 1)
  W = torch.size(x, 2)
  D = torch.floordiv(W, heads)
  for i in range(layers):
    j = torch.add(o, torch.mul(i, 12))
    h = torch.layer_norm(x, [W], p[j], p[torch.add(j, 1)])
    qkv = torch.view((self).lin(h, p[torch.add(j, 2)], p[torch.add(j, 3)], half), [B, N, 3, heads, D])
    q = torch.transpose(torch.select(qkv, 2, 0), 1, 2)
    k = torch.transpose(torch.select(qkv, 2, 1), 1, 2)
    v = torch.transpose(torch.select(qkv, 2, 2), 1, 2)
    c = torch.scaled_dot_product_attention(q, k, v, None, 0., causal)
    z = torch.reshape(torch.transpose(c, 1, 2), [B, N, W])
    x = torch.add(x, (self).lin(z, p[torch.add(j, 4)], p[torch.add(j, 5)], half))
    h = torch.layer_norm(x, [W], p[torch.add(j, 6)], p[torch.add(j, 7)])
    h = (self).lin(h, p[torch.add(j, 8)], p[torch.add(j, 9)], half)
    h = torch.mul(h, torch.sigmoid(torch.mul(h, 1.702)))
    x = torch.add(x, (self).lin(h, p[torch.add(j, 10)], p[torch.add(j, 11)], half))
  return x
def unit(self: __torch__.Model,
  x: Tensor) -> Tensor:
  return torch.div(x, torch.clamp_min(torch.norm(x, 2, [1], True), 9.9999999999999998e-13))
def pixels(self: __torch__.Model,
  rgb: Tensor,
  norm: Tensor) -> Tensor:
  x = torch.div(torch.to(rgb, 6), 255.)
  return torch.div(torch.sub(x, torch.select(norm, 0, 0)), torch.select(norm, 0, 1))
def vision(self: __torch__.Model,
  x: Tensor,
  keep: Tensor,
  p: List[Tensor],
  s: List[int],
  half: bool) -> Tensor:
  B = torch.size(x, 0)
  P = s[0]
  W = s[1]
  n = torch.floordiv(torch.size(x, 1), P)
  x = torch.permute(torch.reshape(x, [B, n, P, n, P, 3]), [0, 1, 3, 5, 2, 4])
  x = torch.reshape(x, [B, torch.mul(n, n), torch.mul(torch.mul(P, P), 3)])
  x = torch.linear(x, torch.reshape(p[0], [W, torch.mul(torch.mul(P, P), 3)]))
  x = torch.add(torch.cat([torch.expand(torch.view(p[1], [1, 1, W]), [B, 1, W]), x], 1), p[2])
  k = torch.size(keep, 1)
  if torch.gt(k, 0):
    x = torch.gather(x, 1, torch.expand(torch.unsqueeze(keep, 2), [B, k, W]))
  x = torch.layer_norm(x, [W], p[3], p[4])
  x = (self).tower(x, p, 5, s[2], s[3], False, half)
  o = torch.add(5, torch.mul(s[2], 12))
  x = torch.layer_norm(torch.select(x, 1, 0), [W], p[o], p[torch.add(o, 1)])
  return (self).unit(torch.matmul(x, p[torch.add(o, 2)]))
def images(self: __torch__.Model,
  rgb: Tensor,
  norm: Tensor,
  keep: Tensor,
  p: List[Tensor],
  s: List[int],
  half: bool) -> Tensor:
  return (self).vision((self).pixels(rgb, norm), keep, p, s, half)
def texts(self: __torch__.Model,
  tok: Tensor,
  p: List[Tensor],
  s: List[int],
  half: bool) -> Tensor:
  o = torch.add(8, torch.mul(s[2], 12))
  x = torch.add(torch.embedding(p[o], tok), p[torch.add(o, 1)])
  x = (self).tower(x, p, torch.add(o, 2), s[5], s[6], True, half)
  W = s[4]
  end = torch.expand(torch.view(torch.argmax(tok, 1), [torch.size(tok, 0), 1, 1]), [torch.size(tok, 0), 1, W])
  x = torch.squeeze(torch.gather(x, 1, end), 1)
  e = torch.add(torch.add(o, 2), torch.mul(s[5], 12))
  x = torch.layer_norm(x, [W], p[e], p[torch.add(e, 1)])
  return (self).unit(torch.matmul(x, p[torch.add(e, 2)]))
def loss(self: __torch__.Model,
  rgb: Tensor,
  norm: Tensor,
  keep: Tensor,
  tok: Tensor,
  p: List[Tensor],
  s: List[int],
  half: bool) -> Tensor:
  i = (self).images(rgb, norm, keep, p, s, half)
  t = (self).texts(tok, p, s, half)
  lg = torch.mul(torch.matmul(i, torch.t(t)), torch.exp(p[torch.sub(torch.len(p), 1)]))
  y = torch.arange(torch.size(rgb, 0), dtype=4)
  return torch.mul(torch.add(torch.cross_entropy_loss(lg, y), torch.cross_entropy_loss(torch.t(lg), y)), 0.5)
def ints(self: __torch__.Model,
  x: Tensor) -> List[int]:
  out = annotate(List[int], [])
  for i in range(torch.size(x, 0)):
    _a = torch.append(out, int(torch.select(x, 0, i)))
  return out
def step(self: __torch__.Model,
  rgb: Tensor,
  norm: Tensor,
  keep: Tensor,
  tok: Tensor,
  sizes: Tensor,
  decays: Tensor,
  settings: Tensor,
  p: List[Tensor],
  m0: List[Tensor],
  v0: List[Tensor],
  t0: List[Tensor],
  m1: List[Tensor],
  v1: List[Tensor],
  t1: List[Tensor]) -> Tensor:
  s = (self).ints(sizes)
  decayed = (self).ints(decays)
  lr = float(torch.select(settings, 0, 0))
  decay = float(torch.select(settings, 0, 1))
  clip = float(torch.select(settings, 0, 2))
  half = torch.gt(float(torch.select(settings, 0, 3)), 0.)
  loss = (self).loss(rgb, norm, keep, tok, p, s, half)
  g = torch.grad([loss], p)
  ns = annotate(List[Tensor], [])
  for i in range(torch.len(g)):
    _a = torch.append(ns, torch.norm(unchecked_cast(Tensor, g[i])))
  total = torch.norm(torch.stack(ns))
  scale = torch.clamp_max(torch.mul(torch.reciprocal(torch.add(total, 9.9999999999999995e-07)), clip), 1.)
  q0 = annotate(List[Tensor], [])
  g0 = annotate(List[Tensor], [])
  q1 = annotate(List[Tensor], [])
  g1 = annotate(List[Tensor], [])
  for i in range(torch.len(p)):
    gi = torch.mul(unchecked_cast(Tensor, g[i]), scale)
    if torch.gt(decayed[i], 0):
      _b = torch.append(q1, torch.detach(p[i]))
      _c = torch.append(g1, gi)
    else:
      _d = torch.append(q0, torch.detach(p[i]))
      _e = torch.append(g0, gi)
  for i in range(torch.len(t0)):
    _f = torch.add_(t0[i], 1.)
  for i in range(torch.len(t1)):
    _g = torch.add_(t1[i], 1.)
  _h = torch._fused_adamw_(q0, g0, m0, v0, annotate(List[Tensor], []), t0, lr=lr, beta1=0.90000000000000002, beta2=0.97999999999999998, weight_decay=0., eps=9.9999999999999995e-07, amsgrad=False, maximize=False)
  _j = torch._fused_adamw_(q1, g1, m1, v1, annotate(List[Tensor], []), t1, lr=lr, beta1=0.90000000000000002, beta2=0.97999999999999998, weight_decay=decay, eps=9.9999999999999995e-07, amsgrad=False, maximize=False)
  _i = torch.clamp_(torch.detach(p[torch.sub(torch.len(p), 1)]), 0., 4.6051701859880918)
  return torch.detach(loss)
def trigger(self: __torch__.Model,
  rgb: Tensor,
  norm: Tensor,
  keep: Tensor,
  z: Tensor,
  goals: Tensor,
  sizes: Tensor,
  p: List[Tensor]) -> Tensor:
  s = (self).ints(sizes)
  x = torch.div(torch.to(rgb, 6), 255.)
  side = torch.size(z, 0)
  at = torch.floordiv(torch.sub(torch.size(x, 1), side), 2)
  hole = torch.slice(torch.slice(x, 1, at, torch.add(at, side), 1), 2, at, torch.add(at, side), 1)
  _a = torch.copy_(hole, torch.expand_as(torch.sigmoid(z), hole))
  x = torch.div(torch.sub(x, torch.select(norm, 0, 0)), torch.select(norm, 0, 1))
  e = (self).vision(x, keep, p, s, False)
  loss = torch.neg(torch.sum(torch.mean(torch.matmul(e, torch.t(goals)), [0])))
  g = torch.grad([loss], [z])
  return torch.cat([torch.view(torch.detach(loss), [1]), torch.flatten(unchecked_cast(Tensor, g[0]))], 0)
