// Icons that show nothing.
const Icon = () => null;
export {
  Icon as Flame, Icon as Heart, Icon as Image, Icon as Mic, Icon as Paperclip, Icon as Rabbit, Icon as Send, Icon as Shield,
  Icon as Sparkle, Icon as Sparkles, Icon as User,
};
