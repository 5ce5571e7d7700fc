"""What do the words of the field mean, and what are they in Chinese? In the order of the lessons."""

from cnnlab.i18n import _


def words() -> tuple[tuple[str, str, str], ...]:
    """Return each word in English, what it means in the session's language, and the word in Chinese."""
    return (
        ("pixel", _("One point of a picture: how much red, green and blue."), "像素"),
        (
            "channel",
            _("One map of a stack of maps that belong together, such as the red of a photo."),
            "通道",
        ),
        ("image classification", _("Saying which of a few kinds of things a picture shows."), "图像分类"),
        (
            "class, label",
            _("A kind of thing to tell apart; the label of a photo is the class it truly shows."),
            "类别，标签",
        ),
        ("one-hot label", _("The true class as numbers: 1 for it, 0 for every other."), "独热编码标签"),
        (
            "normalisation (divide by 255)",
            _("Bringing numbers to a common small range, here 0 to 1."),
            "归一化（除以 255）",
        ),
        (
            "neural network",
            _("A chain of layers of simple sums whose weights are learned from examples."),
            "神经网络",
        ),
        (
            "convolutional neural network (CNN)",
            _("A neural network whose first layers slide kernels over a picture."),
            "卷积神经网络",
        ),
        (
            "convolution",
            _("Sliding a kernel over a picture: at each place pixels times weights, added up."),
            "卷积",
        ),
        (
            "cross-correlation",
            _("What networks call convolution; mathematics would flip the kernel first."),
            "互相关",
        ),
        (
            "kernel, filter",
            _("A small block of weights that slides over all input channels."),
            "卷积核，滤波器",
        ),
        ("slice of a kernel", _("The part of a kernel that reads one input channel."), "卷积核切片"),
        ("weight", _("A number that an input is multiplied by; learning changes it."), "权重"),
        ("bias", _("A number that is added to a sum, whatever comes in; learning changes it too."), "偏置"),
        ("stride", _("How many pixels a window moves from one output to the next."), "步幅"),
        (
            "padding (zero border)",
            _("Zeros around a picture, so that windows fit at its edges."),
            "填充（零填充）",
        ),
        ("dilation", _("How far apart the weights of a kernel reach; 1 is side by side."), "空洞率，膨胀率"),
        ("feature map", _("What one kernel makes of its input: high where its pattern is found."), "特征图"),
        (
            "receptive field",
            _("The piece of the photo that can reach one number deep in the network."),
            "感受野",
        ),
        ("activation function", _("What each sum goes through before the next layer reads it."), "激活函数"),
        (
            "rectified linear unit (ReLU)",
            _("The activation that turns negative numbers into 0 and keeps the others."),
            "修正线性单元",
        ),
        ("max pooling", _("Keeping the largest number of each window."), "最大池化"),
        ("average pooling", _("Keeping the mean of each window."), "平均池化"),
        ("global average pooling", _("One number for a whole map: its mean."), "全局平均池化"),
        ("flatten", _("Laying maps out as one row of numbers; nothing is computed."), "展平"),
        (
            "dense layer, fully connected layer",
            _("A layer in which every unit weighs every input."),
            "全连接层",
        ),
        (
            "score (logit)",
            _("The number that the last layer gives a class, before softmax."),
            "得分（logit）",
        ),
        ("softmax", _("Turns scores into probabilities that add up to 1."), "softmax 函数（柔性最大值）"),
        ("probability", _("A number from 0 to 1; the network's is how sure it is, not how right."), "概率"),
        ("temperature", _("What scores are divided by before softmax: high means less sure."), "温度"),
        (
            "loss function",
            _("How wrong an answer was, as one number that training makes smaller."),
            "损失函数",
        ),
        (
            "cross-entropy",
            _("The usual loss: minus the logarithm of the true class's probability."),
            "交叉熵",
        ),
        ("mean squared error", _("A loss: the mean of the squared differences from the truth."), "均方误差"),
        ("gradient", _("How fast the loss grows with each weight, and in which direction."), "梯度"),
        (
            "gradient descent",
            _("Changing every weight a little against its gradient, again and again."),
            "梯度下降",
        ),
        (
            "stochastic gradient descent (SGD)",
            _("Gradient descent with a gradient estimated from a few examples."),
            "随机梯度下降",
        ),
        ("momentum", _("Going on in the direction of the last steps, like a rolling ball."), "动量"),
        (
            "adaptive moment estimation (Adam)",
            _("An optimiser that gives each weight a step size of its own."),
            "自适应矩估计",
        ),
        ("learning rate", _("How large a step is: what the gradient is multiplied by."), "学习率"),
        (
            "backpropagation",
            _("Computing all gradients at once, from the loss back to the first layer."),
            "反向传播",
        ),
        (
            "training, validation and test set",
            _("Photos to learn from, to watch with, and to judge with once, at the end."),
            "训练集、验证集和测试集",
        ),
        ("training run", _("One training from its first weights to its last."), "一次训练"),
        ("epoch", _("One pass over all training photos."), "轮次"),
        ("batch", _("The few photos that one step learns from."), "批次"),
        ("accuracy", _("The share of photos that were named rightly."), "准确率"),
        ("overfitting", _("Getting better on the training photos but not on others."), "过拟合"),
        ("generalisation", _("Being right on photos that it did not learn from."), "泛化"),
        ("dropout", _("Leaving out some numbers at random while training, against overfitting."), "随机失活"),
        ("batch normalisation", _("Bringing each channel to mean 0 and spread 1 on its way."), "批量归一化"),
        ("data augmentation", _("Training on shifted, turned or mirrored copies as well."), "数据增强"),
        ("confusion matrix", _("A table of which class was taken for which."), "混淆矩阵"),
        (
            "parameter",
            _("Any number that a network keeps: weights, biases, the running averages of normalisation."),
            "参数",
        ),
    )
