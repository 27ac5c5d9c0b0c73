"""Networks of specs/ in plain PyTorch, with the names of their state_dict, as a peer to be timed."""

import torch
from torch import nn
from torch.nn import functional as F


class ConvNormAct(nn.Module):
    """Convolution, affine instance norm, LeakyReLU (nnU-Net's ConvDropoutNormReLU)."""

    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1)
        self.norm = nn.InstanceNorm2d(out_channels, affine=True)
        self.act = nn.LeakyReLU(0.01, inplace=True)

    def forward(self, x):
        return self.act(self.norm(self.conv(x)))


class StackedConvs(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.convs = nn.Sequential(
            ConvNormAct(in_channels, out_channels, stride), ConvNormAct(out_channels, out_channels, 1)
        )

    def forward(self, x):
        return self.convs(x)


class PlainEncoder(nn.Module):
    def __init__(self, in_channels, features):
        super().__init__()
        widths = [in_channels, *features]
        self.stages = nn.ModuleList(
            nn.Sequential(StackedConvs(widths[s], widths[s + 1], 1 if s == 0 else 2)) for s in range(len(features))
        )

    def forward(self, x):
        skips = []
        for stage in self.stages:
            x = stage(x)
            skips.append(x)
        return skips


class PlainDecoder(nn.Module):
    def __init__(self, features, classes):
        super().__init__()
        widths = features[::-1]
        pairs = list(zip(widths, widths[1:]))
        self.transpconvs = nn.ModuleList(nn.ConvTranspose2d(below, width, 2, stride=2) for below, width in pairs)
        self.stages = nn.ModuleList(StackedConvs(2 * width, width) for _, width in pairs)
        self.seg_layers = nn.ModuleList(nn.Conv2d(width, classes, 1) for _, width in pairs)

    def forward(self, skips):
        x = skips[-1]
        outputs = []
        for up, stage, head, skip in zip(self.transpconvs, self.stages, self.seg_layers, skips[-2::-1]):
            x = stage(torch.cat([up(x), skip], 1))
            outputs.insert(0, head(x))
        return outputs


class NNUNet(nn.Module):
    """nnU-Net's plain 2-D U-Net (PlainConvUNet), with all its heads: [B, in_channels, H, W] to a list, finest first."""

    def __init__(self, in_channels=1, classes=14, features=(32, 64, 128, 256, 512, 512, 512)):
        super().__init__()
        self.encoder = PlainEncoder(in_channels, list(features))
        self.decoder = PlainDecoder(list(features), classes)

    def forward(self, image):
        return self.decoder(self.encoder(image))


class NamedConv(nn.Module):
    """A convolution inside one more name, as MONAI's Convolution holds it."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, bias=False):
        super().__init__()
        self.conv = nn.Conv2d(
            in_channels, out_channels, kernel_size, stride=stride, padding=kernel_size // 2, bias=bias
        )

    def forward(self, x):
        return self.conv(x)


class PreActResBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm1 = nn.GroupNorm(8, channels)
        self.norm2 = nn.GroupNorm(8, channels)
        self.conv1 = NamedConv(channels, channels, 3)
        self.conv2 = NamedConv(channels, channels, 3)

    def forward(self, x):
        y = self.conv1(F.relu(self.norm1(x), inplace=True))
        return x + self.conv2(F.relu(self.norm2(y), inplace=True))


class SegResNet(nn.Module):
    """MONAI's SegResNet in 2-D: [B, in_channels, H, W] to a list of one, [B, classes, H, W]."""

    def __init__(self, in_channels=1, classes=14, init_filters=32, blocks_down=(1, 2, 2, 4), blocks_up=(1, 1, 1)):
        super().__init__()
        widths = [init_filters * 2**s for s in range(len(blocks_down))]
        self.convInit = NamedConv(in_channels, init_filters, 3)
        self.down_layers = nn.ModuleList(
            nn.Sequential(
                nn.Identity() if s == 0 else NamedConv(widths[s - 1], width, 3, stride=2),
                *(PreActResBlock(width) for _ in range(count)),
            )
            for s, (width, count) in enumerate(zip(widths, blocks_down))
        )
        up = widths[-2::-1]
        self.up_samples = nn.ModuleList(nn.Sequential(NamedConv(2 * width, width, 1)) for width in up)
        self.up_layers = nn.ModuleList(
            nn.Sequential(*(PreActResBlock(width) for _ in range(count))) for width, count in zip(up, blocks_up)
        )
        self.conv_final = nn.Sequential(
            nn.GroupNorm(8, init_filters), nn.ReLU(inplace=True), NamedConv(init_filters, classes, 1, bias=True)
        )

    def forward(self, image):
        x = self.convInit(image)
        skips = []
        for layer in self.down_layers:
            x = layer(x)
            skips.append(x)
        for sample, layer, skip in zip(self.up_samples, self.up_layers, skips[-2::-1]):
            x = F.interpolate(sample(x), scale_factor=2, mode="bilinear", align_corners=False) + skip
            x = layer(x)
        return [self.conv_final(x)]


NETWORKS = {"nnunet": NNUNet, "segresnet": SegResNet}
