import { writeFileSync } from 'node:fs';

/** Three heads on one stem: the classes of the data, whatever is no background, and the disc within all of it as regions. */
export function writeHeads(path: string): string {
  writeFileSync(
    path,
    `import { Conv2d } from "archc/lib/nn.arch"

model Heads(in_channels: int = 3, classes: int = 3) {
  input image: [B, in_channels, 16, 16]
  stem = Conv2d(in_channels, 8, 3, padding: 1)
  a = Conv2d(8, classes, 1)
  b = Conv2d(8, 2, 1)
  c = Conv2d(8, 2, 1)
  forward { y = silu(stem(image)) }
  output logits: [B, classes, 16, 16] = a(y)
  output whole: [B, 2, 16, 16] = b(y)
  output nested: [B, 2, 16, 16] = c(y)
}
train Both for Heads {
  loss = cross_entropy + dice(batch: true)
  optimizer = adamw(lr: 2e-2)
  batch = 2
  steps = 12
  validate = 6
  holdout = ["b"]
  output whole {
    loss = cross_entropy
    weight = 0.5
    target = [["disc", "rim"]]
  }
  output nested {
    loss = binary_cross_entropy + dice(sigmoid: true)
    weight = 0.25
    target = [["disc", "rim"], "disc"]
  }
}
`,
  );
  return path;
}

/** Heads that are linear in the image, so that losses and gradients can be computed by hand. */
export function writeLinear(path: string): string {
  writeFileSync(
    path,
    `import { Conv2d } from "archc/lib/nn.arch"

model Linear() {
  input image: [B, 3, 16, 16]
  a = Conv2d(3, 3, 1)
  b = Conv2d(3, 2, 1)
  forward {
    u = a(image)
    v = b(image)
  }
  output logits: [B, 3, 16, 16] = u
  output nested: [B, 2, 16, 16] = v
}
train Both for Linear {
  loss = cross_entropy
  optimizer = adamw(lr: 1e-2)
  batch = 2
  steps = 1
  output logits { weight = 2 }
  output nested {
    loss = binary_cross_entropy
    weight = 0.25
    target = [["disc", "rim"], "disc"]
  }
}
`,
  );
  return path;
}

/** An output at the size of the image, and two of one name at two sizes, with a target and shared weights. */
export function writeFamily(path: string, settings: string): string {
  writeFileSync(
    path,
    `import { Conv2d } from "archc/lib/nn.arch"

model Family() {
  input image: [B, 3, 16, 16]
  a = Conv2d(3, 3, 1)
  b = Conv2d(3, 2, 1)
  forward {
    u = a(image)
    v = b(image)
    w = b(max_pool2d(image, 2, stride: 2))
  }
  output logits: [B, 3, 16, 16] = u
  output cells[0]: [B, 2, 16, 16] = v
  output cells[1]: [B, 2, 8, 8] = w
}
train Both for Family {
  loss = cross_entropy
  optimizer = adamw(lr: 1e-2)
  batch = 2
  steps = 1
  ${settings}
}
`,
  );
  return path;
}
